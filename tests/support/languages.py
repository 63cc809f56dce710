"""Paragraphs in many languages, and the encodings in which files of them are saved."""

import unicodedata
from collections.abc import Iterator

# Three sentences about a parcel, and the encodings by Python's names.
_TEXTS = {
    "cs": (
        "Balíček dorazil o dva týdny později a krabice byla poškozená. Zákaznická linka mi "
        "řekla, že mám počkat, až se někdo ozve. Příště raději nakoupím v obchodě za rohem, kde "
        "mě znají.",
        "cp1250 iso8859-2 cp852 mac-latin2",
    ),
    "sk": (
        "Zásielka prišla neskoro a škatuľa bola úplne rozbitá. Zákaznícka podpora mi odpovedala "
        "až po týždni, čo ma veľmi mrzelo. Nabudúce si radšej kúpim niečo v obchode, kde ľudia "
        "vedia pomôcť.",
        "cp1250 iso8859-2 cp852",
    ),
    "pl": (
        "Przesyłka dotarła z opóźnieniem, a pudełko było uszkodzone. Obsługa klienta "
        "odpowiedziała dopiero po tygodniu, więc straciłem cierpliwość. Następnym razem pójdę do "
        "sklepu, gdzie można obejrzeć rzeczy przed zakupem i zapłacić gotówką.",
        "cp1250 iso8859-2 cp852 mac-latin2",
    ),
    "hu": (
        "A csomag két héttel később érkezett meg, és a doboz sérült volt. Az ügyfélszolgálat azt "
        "mondta, hogy várjak türelemmel, mert nincs elég futár. Legközelebb inkább a sarki "
        "boltban vásárolok, ahol ismerik a vevőket és gyűjtőkártyát is adnak.",
        "cp1250 iso8859-2 cp852",
    ),
    "ro": (
        "Coletul a ajuns cu două săptămâni mai târziu și cutia era stricată. Când am sunat la "
        "relații cu clienții, mi s-a spus să aștept încă o zi. Data viitoare o să cumpăr din "
        "magazinul de lângă casă, unde îi cunosc pe vânzători.",
        "cp1250 iso8859-2",
    ),
    "hr": (
        "Paket je stigao dva tjedna kasnije, a kutija je bila oštećena. Služba za korisnike "
        "rekla mi je da pričekam još nekoliko dana. Sljedeći put ću radije otići u trgovinu gdje "
        "mogu vidjeti što kupujem i odmah riješiti poteškoće.",
        "cp1250 iso8859-2 cp852",
    ),
    "sl": (
        "Paket je prišel dva tedna prepozno in škatla je bila poškodovana. V službi za pomoč so "
        "mi rekli, naj počakam še nekaj dni. Naslednjič bom raje šel v trgovino, kjer si lahko "
        "stvari ogledam, preden jih plačam.",
        "cp1250 iso8859-2 cp852",
    ),
    "tr": (
        "Kargo iki hafta geç geldi ve kutusu ezilmişti. Müşteri hizmetlerini aradığımda bana "
        "beklemem gerektiğini söylediler. Bir dahaki sefere köşedeki dükkândan alışveriş "
        "yapacağım, çünkü orada herkes birbirini tanıyor.",
        "cp1254 iso8859-9 cp857",
    ),
    "lt": (
        "Siunta atėjo dviem savaitėmis vėliau, o dėžutė buvo sugadinta. Klientų aptarnavimo "
        "skyrius pasakė, kad reikia šiek tiek palaukti. Kitą kartą geriau eisiu į parduotuvę, "
        "kur galėsiu apžiūrėti daiktus ir iš karto užduoti klausimų.",
        "cp1257 iso8859-13",
    ),
    "lv": (
        "Sūtījums pienāca divas nedēļas vēlāk, un kaste bija bojāta. Klientu apkalpošanas nodaļā "
        "man teica, ka jāpagaida vēl dažas dienas. Nākamreiz es labāk iešu uz veikalu, kur varu "
        "apskatīt preces un uzreiz saņemt atbildes uz jautājumiem.",
        "cp1257 iso8859-13",
    ),
    "et": (
        "Pakk jõudis kohale kaks nädalat hiljem ja karp oli katki. Klienditeenindus ütles, et "
        "pean veel mõne päeva ootama. Järgmisel korral lähen parem poodi, kus saan asju enne "
        "ostmist näha ja küsida nõu müüjalt.",
        "cp1257 cp1252 iso8859-1",
    ),
    "ru": (
        "Посылка пришла на две недели позже, и коробка была помята. В службе поддержки мне "
        "сказали подождать ещё несколько дней. В следующий раз я лучше пойду в магазин за углом, "
        "где можно посмотреть вещи перед покупкой.",
        "cp1251 koi8-r cp866 mac-cyrillic iso8859-5",
    ),
    "uk": (
        "Посилка прийшла на два тижні пізніше, і коробка була пошкоджена. У службі підтримки "
        "мені сказали зачекати ще кілька днів. Наступного разу я краще піду до крамниці за "
        "рогом, де можна оглянути речі перед купівлею.",
        "cp1251 koi8-u mac-cyrillic",
    ),
    "bg": (
        "Пратката пристигна две седмици по-късно и кутията беше смачкана. От отдела за клиенти "
        "ми казаха да изчакам още няколко дни. Следващия път ще отида в магазина на ъгъла, "
        "където мога да разгледам нещата преди да ги купя.",
        "cp1251 iso8859-5",
    ),
    "sr": (
        "Пакет је стигао две недеље касније, а кутија је била оштећена. У служби за кориснике су "
        "ми рекли да сачекам још неколико дана. Следећи пут ћу радије отићи у продавницу где "
        "људи умеју да помогну.",
        "cp1251 iso8859-5",
    ),
    "el": (
        "Το δέμα έφτασε δύο εβδομάδες αργότερα και το κουτί ήταν χτυπημένο. Η εξυπηρέτηση "
        "πελατών μου είπε να περιμένω μερικές ημέρες ακόμα. Την επόμενη φορά θα πάω στο "
        "κατάστημα της γειτονιάς, όπου μπορώ να δω τι αγοράζω.",
        "cp1253 iso8859-7",
    ),
    "he": (
        "החבילה הגיעה באיחור של שבועיים והקופסה הייתה שבורה. בשירות הלקוחות אמרו לי לחכות עוד "
        "כמה ימים. בפעם הבאה אלך לחנות שליד הבית, שם אפשר לראות את הדברים לפני שקונים אותם.",
        "cp1255 iso8859-8",
    ),
    "ar": (
        "وصل الطرد متأخرا أسبوعين وكانت العلبة مكسورة. قالت لي خدمة العملاء إن علي الانتظار بضعة "
        "أيام أخرى. في المرة القادمة سأذهب إلى المتجر القريب من البيت حيث يمكنني رؤية الأشياء "
        "قبل شرائها.",
        "cp1256 iso8859-6",
    ),
    "vi": (
        "Gói hàng đến muộn hai tuần và hộp bị hỏng. Bộ phận chăm sóc khách hàng bảo tôi chờ thêm "
        "vài ngày nữa. Lần sau tôi sẽ đi cửa hàng gần nhà, nơi tôi có thể xem đồ trước khi mua.",
        "cp1258",
    ),
    "th": (
        "พัสดุมาถึงช้าไปสองสัปดาห์และกล่องก็เสียหาย ฝ่ายบริการลูกค้าบอกให้รออีกสองสามวัน คราวหน้าฉันจะไปซื้อที่ร้านใกล้บ้านดีกว่า",
        "cp874 tis-620",
    ),
    "de": (
        "Das Paket kam zwei Wochen zu spät an, und die Schachtel war beschädigt. Der "
        "Kundendienst erklärte mir, ich müsse noch ein paar Tage warten, größere Mengen seien "
        "unterwegs. Nächstes Mal gehe ich lieber in das Geschäft an der Ecke, dort kann man die "
        "Ware vorher prüfen.",
        "cp1252 iso8859-1 cp850 cp437 mac-roman",
    ),
    "fr": (
        "Le colis est arrivé avec deux semaines de retard et la boîte était abîmée. Le service "
        "après-vente m'a répondu qu'il fallait patienter encore quelques jours, ce qui m'a "
        "beaucoup déçu. La prochaine fois, j'irai plutôt au magasin du quartier où l'on connaît "
        "ses clients ; ça ira mieux, même très bien.",
        "cp1252 iso8859-1 cp850 mac-roman",
    ),
    "es": (
        "El paquete llegó dos semanas más tarde y la caja estaba dañada. En atención al cliente "
        "me dijeron que tenía que esperar unos días más. ¿Por qué? La próxima vez iré a la "
        "tienda de la esquina, donde la señora siempre me atiende con mucha ilusión y sé qué "
        "compro.",
        "cp1252 iso8859-1 cp850 mac-roman",
    ),
    "pt": (
        "A encomenda chegou duas semanas depois e a caixa estava danificada. O serviço de apoio "
        "ao cliente disse-me que não havia solução e que tinha de esperar mais alguns dias. Da "
        "próxima vez vou à loja da esquina, onde as pessoas são simpáticas e já me conhecem há "
        "três anos.",
        "cp1252 iso8859-1 cp850 mac-roman",
    ),
    "it": (
        "Il pacco è arrivato con due settimane di ritardo e la scatola era rovinata. Il servizio "
        "clienti mi ha detto che bisognava aspettare ancora, perché c'era un problema di "
        "quantità. La prossima volta andrò al negozio qui vicino, così potrò vedere ciò che "
        "compro e sarà più facile.",
        "cp1252 iso8859-1 cp850 mac-roman",
    ),
    "nl": (
        "Het pakket kwam twee weken te laat en de doos was beschadigd. De klantenservice zei dat "
        "ik nog één week moest wachten, wat ik een beetje gênant vond. Een reünie met mijn geld "
        "zat er niet in, hoewel ik drieëntwintig euro had betaald voor de coöperatie.",
        "cp1252 iso8859-1",
    ),
    "sv": (
        "Paketet kom två veckor för sent och lådan var trasig. Kundtjänst sade att jag måste "
        "vänta några dagar till, för många var sjuka. Nästa gång går jag hellre till affären på "
        "hörnet, där man får se sakerna innan man köper dem.",
        "cp1252 iso8859-1 cp850 mac-roman",
    ),
    "da": (
        "Pakken kom to uger for sent, og æsken var ødelagt. Kundeservice sagde, at jeg måtte "
        "vente nogle dage endnu, før de kunne gøre noget. Næste gang går jeg hellere hen i "
        "butikken på hjørnet, hvor man kan se på tingene, før man køber dem.",
        "cp1252 iso8859-1 cp850",
    ),
    "nb": (
        "Pakken kom to uker for sent, og esken var ødelagt. Kundeservice sa at jeg måtte vente "
        "noen dager til før de kunne gjøre noe. Neste gang går jeg heller i butikken på hjørnet, "
        "der man får se på tingene før man kjøper dem.",
        "cp1252 iso8859-1 cp850",
    ),
    "fi": (
        "Paketti saapui kaksi viikkoa myöhässä ja laatikko oli rikki. Asiakaspalvelussa "
        "sanottiin, että minun täytyy odottaa vielä muutama päivä. Ensi kerralla menen "
        "mieluummin lähikauppaan, jossa tavaroita voi katsella ennen ostamista ja myyjältä voi "
        "kysyä neuvoa.",
        "cp1252 iso8859-1",
    ),
    "is": (
        "Pakkinn kom tveimur vikum of seint og kassinn var skemmdur. Þjónustan sagði mér að bíða "
        "í nokkra daga í viðbót því að margir væru veikir. Næst fer ég frekar í búðina á horninu "
        "þar sem hægt er að skoða hlutina áður en maður kaupir þá.",
        "cp1252 iso8859-1",
    ),
    "ca": (
        "El paquet va arribar dues setmanes més tard i la capsa estava malmesa. El servei "
        "d'atenció al client em va dir que havia d'esperar uns dies més, perquè hi havia molta "
        "feina. La pròxima vegada aniré a la botiga del barri, on la gent és amable i puc veure "
        "què compro; això és l'única solució.",
        "cp1252 iso8859-1",
    ),
    "en": (
        "The parcel came two weeks late – “sorry”, said the driver – and the café’s box was "
        "broken. I paid £20 for it, which isn’t fair… My fiancée says we won’t buy there again.",
        "cp1252 mac-roman",
    ),
    "zh": (
        "包裹晚到了两个星期，而且盒子已经损坏了。客服告诉我还要再等几天。下次我宁愿去附近的商店买东西，那里可以先看看再付钱。",
        "gb18030 gbk",
    ),
    "zh-tw": (
        "包裹晚到了兩個星期，而且盒子已經損壞了。客服告訴我還要再等幾天。下次我寧願去附近的商店買東西，那裡可以先看看再付錢。",
        "big5",
    ),
    "ja": (
        "荷物は二週間遅れて届き、箱が壊れていました。カスタマーサービスに電話すると、もう数日待つように言われました。次回は近所の店で、品物を見てから買うことにします。",
        "shift_jis euc-jp",
    ),
    "ko": (
        "소포가 두 주나 늦게 도착했고 상자도 망가져 있었습니다. 고객 센터에서는 며칠 더 "
        "기다리라고 했습니다. 다음에는 물건을 직접 보고 살 수 있는 동네 가게에 "
        "가겠습니다.",
        "euc-kr cp949",
    ),
}

_CEDILLAS = str.maketrans(
    "\u0219\u021b\u0218\u021a", "\u015f\u0163\u015e\u0162"
)  # older encodings have no commas below


def paragraphs() -> Iterator[tuple[str, str, str]]:
    """Yield language, encoding and text, which has all its letters in the encoding."""
    for language, (text, encodings) in _TEXTS.items():
        for encoding in encodings.split():
            yield language, encoding, _vietnamese(text) if encoding == "cp1258" else text.translate(_CEDILLAS)


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield language, encoding and a few words with at least 3 bytes beyond ASCII."""
    for language, encoding, text in paragraphs():
        words = (
            text.split() if " " in text and language != "th" else [text[at : at + 12] for at in range(0, len(text), 12)]
        )
        n_words = 6 if " " in text and language != "th" else 1
        for at in range(0, len(words), n_words):
            row = " ".join(words[at : at + n_words])
            if sum(byte > 127 for byte in row.encode(encoding)) >= 3:
                yield language, encoding, row


def _vietnamese(text: str) -> str:
    """Return a text with its tones as letters of their own, as cp1258 has them."""
    found = ""
    for letter in text:
        base, *marks = unicodedata.normalize("NFD", letter)
        kept = "".join(mark for mark in marks if mark in "\u0302\u0306\u031b")
        found += unicodedata.normalize("NFC", base + kept) + "".join(mark for mark in marks if mark not in kept)
    return found
