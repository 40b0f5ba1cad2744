"""How Sphinx sets the site whose sources notebooks/teaching/site.py writes: no cell runs, nothing is fetched."""

from docutils.nodes import SkipNode
from latex2mathml.converter import convert

from notebooks.teaching.docstrings import to_rest

project = html_title = "adamcourse"
root_doc = "index"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.viewcode", "sphinx_copybutton"]

nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
myst_heading_slug_func = "notebooks.teaching.pages.anchor"

add_module_names = False
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
autodoc_typehints = "none"

html_theme = "pydata_sphinx_theme"
html_context = {"default_mode": "auto"}  # light or dark as the reader's system
html_theme_options = {
    "logo": {"text": "adamcourse"},
    "navbar_end": ["theme-switcher"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": [],
    "footer_end": [],
}
html_static_path = ["_static"]
html_css_files = ["explorer.css", "site.css"]
html_copy_source = False
html_show_sourcelink = False
html_math_renderer = "mathml"
copybutton_selector = "div.cell_input div.highlight pre, section > div[class*=highlight-] div.highlight pre"


def inline_formula(writer, node):
    writer.body.append(convert(node.astext()))
    raise SkipNode


def formula(writer, node):
    writer.body.append(f'<div class="math" tabindex="0">{convert(node.astext(), display="block")}</div>')
    raise SkipNode


def docstring(app, what, name, obj, options, lines):
    lines[:] = [*to_rest("\n".join(lines)).split("\n"), ""]


def setup(app):
    app.add_html_math_renderer("mathml", (inline_formula, None), (formula, None))
    app.connect("autodoc-process-docstring", docstring)
