"""A page as Streamlit's messages make it: a tree of blocks and elements, and what its widgets are set to."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.Block_pb2 import Block
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.state.common import user_key_from_element_id

_SIDEBAR = 1  # the first step of a path: 0 leads to the page itself


@dataclass(eq=False)
class Node:
    """A place on the page: a block that holds others, or an element that holds none.

    Attributes
    ----------
    run, fragment
        Which run drew it last, and the fragment that it belongs to, if it does.
    """

    drawn: Any = None
    run: int = 0
    fragment: str = ""
    children: dict[int, "Node"] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What it is: ``button``, ``html``, ``flex_container``."""
        return str(self.drawn.WhichOneof("type")) if self.drawn is not None else ""

    @property
    def element(self) -> Any:
        """What its kind says of it."""
        return getattr(self.drawn, self.kind)

    @property
    def key(self) -> str | None:
        """The key that the app gave it."""
        own = self.drawn.id if isinstance(self.drawn, Block) else getattr(self.element, "id", "") if self.kind else ""
        return user_key_from_element_id(own) if own else None

    def walk(self) -> Iterator["Node"]:
        """Yield it and all that it holds, in the order of the page."""
        yield self
        for place in sorted(self.children):
            yield from self.children[place].walk()

    def find(self, kind: str) -> Iterator[Any]:
        """Yield the elements of a kind, in the order of the page."""
        return (node.element for node in self.walk() if node.kind == kind)

    def block(self, key: str) -> "Node":
        """Return the block of a key; an empty one where there is none."""
        return next((node for node in self.walk() if isinstance(node.drawn, Block) and node.key == key), Node())

    def sweep(self, run: int, fragments: tuple[str, ...]) -> None:
        """Drop what a finished run has not drawn; a run of fragments drops of these alone."""
        for place, child in list(self.children.items()):
            if child.run < run and (not fragments or child.fragment in fragments) and child.drawn is not None:
                del self.children[place]
            else:
                child.sweep(run, fragments)


class Tree:
    """The page: what stands on it, and what its widgets are set to, as a browser keeps both."""

    def __init__(self) -> None:
        self.root = Node()
        self.states: dict[str, WidgetState] = {}
        self._run = self._whole_run = 0
        self._fragments: tuple[str, ...] = ()

    @property
    def sidebar(self) -> Node:
        """What stands in the sidebar."""
        return self.root.children.get(_SIDEBAR, Node())

    def is_new(self, node: Node) -> bool:
        """Whether the last run of the page has drawn a node; what it has not goes in its end."""
        return node.run >= self._whole_run

    def begin(self, fragments: tuple[str, ...] = ()) -> None:
        """Begin a run of the page or, if there are some, of fragments alone."""
        self._run += 1
        self._fragments = fragments
        if not fragments:
            self._whole_run = self._run

    def draw(self, message: ForwardMsg) -> None:
        """Draw what a message brings; a spinner and its like, which go by themselves, are left out."""
        delta = message.delta
        kind = delta.WhichOneof("type")
        if kind not in ("add_block", "new_element"):
            return
        node = self.root
        for place in message.metadata.delta_path:
            node = node.children.setdefault(place, Node())
        node.drawn, node.run, node.fragment = getattr(delta, kind), self._run, delta.fragment_id
        if kind == "new_element":
            node.children = {}
        self._take_state(node.drawn)

    def finish(self) -> None:
        """End a run: what it has not drawn goes, and with a widget what it was set to."""
        self.root.sweep(self._run, self._fragments)
        there = {_id_of_widget(node.drawn) for node in self.root.walk() if node.drawn is not None}
        self.states = {widget: state for widget, state in self.states.items() if widget in there}

    def _take_state(self, drawn: Block | Element) -> None:
        """Set a widget as the app has it if it is new, or the app has set it."""
        state, was_set = state_of(drawn)
        if state is not None and (was_set or state.id not in self.states):
            self.states[state.id] = state


def state_of(drawn: Block | Element) -> tuple[WidgetState | None, bool]:
    """Return what a widget is set to, None of what is none or keeps nothing, and whether the app itself set it now."""
    kind = str(drawn.WhichOneof("type"))
    each: Any = getattr(drawn, kind, None)
    was_set = bool(getattr(each, "set_value", False))
    state = WidgetState(id=_id_of_widget(drawn))
    match kind:
        case "text_input":
            state.string_value = each.value if was_set else each.default
        case "selectbox" if was_set or each.HasField("default"):
            state.string_value = each.raw_value if was_set else each.options[each.default]
        case "button_group":
            default = [each.options[place].content for place in each.default]
            state.string_array_value.data[:] = each.raw_values if was_set else default
        case "slider" if each.options:
            default = [each.options[int(place)] for place in each.default]
            state.string_array_value.data[:] = each.raw_value if was_set else default
        case "checkbox":
            state.bool_value = each.value if was_set else each.default
        case "pagination":
            state.int_value = each.value if was_set else each.default
        case "popover" if each.id:
            state.bool_value, was_set = each.open, True
        case _:
            return None, False
    return state, was_set


def _id_of_widget(drawn: Block | Element) -> str:
    kind = drawn.WhichOneof("type")
    return str(getattr(getattr(drawn, kind), "id", "")) if kind else ""
