import inspect

import numpy
import pandas

from exemplar.data.sources.package_docs import named_documents, see_also, without_see_also

DOCSTRING = """Sum of array elements.

Returns
-------
out : ndarray
    See below.

See Also
--------
ndarray.sum : Equivalent method.
add.reduce, numpy.cumsum
:func:`~trapezoid` : Integration
    over : a description that goes on.
:py:func:`std`: Spread.
mean

Notes
-----
See Also elsewhere.
"""


def test_names_are_read_as_they_are_written() -> None:
    assert see_also(DOCSTRING) == ["ndarray.sum", "add.reduce", "numpy.cumsum", "trapezoid", "std", "mean"]
    assert see_also("Sum.\n\nSee Also\n--------\nmean : The end.") == ["mean"]
    assert see_also("Sum.\n\nSee also\n--------\nmean: The end.") == ["mean"]
    assert see_also("No section. See Also: mean") == []


def test_the_section_alone_is_left_out() -> None:
    text = without_see_also(DOCSTRING)
    assert "trapezoid" not in text
    assert text.startswith("Sum of array")
    assert text.endswith("\nNotes\n-----\nSee Also elsewhere.\n")
    assert without_see_also("Sum.\n\nSee Also\n--------\nmean : The end.") == "Sum.\n"


def test_a_name_means_the_nearest_object() -> None:
    known = {"numpy.mean", "numpy.ma.mean", "numpy.ma.add.reduce", "numpy.cumsum"}
    found = named_documents("numpy.ma.sum", DOCSTRING, known)
    assert found == [None, "numpy.ma.add.reduce", "numpy.cumsum", None, None, "numpy.ma.mean"]


def test_real_documentation_is_understood() -> None:
    fillna = inspect.getdoc(pandas.DataFrame.fillna)
    assert see_also(fillna) == ["ffill", "bfill", "interpolate", "reindex", "asfreq"]
    dot = inspect.getdoc(numpy.dot)
    assert see_also(dot)[0] == "vdot"
    assert "vdot :" in dot
    assert "vdot :" not in without_see_also(dot)
