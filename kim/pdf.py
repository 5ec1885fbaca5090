"""The one door to WeasyPrint: HTML of our own templates in, an archivable tagged PDF (PDF/A-3a) out."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.template.loader import render_to_string

STYLES = Path(__file__).parent / "static" / "kim" / "print"
FACES = ("FiraSans-Regular", "FiraSans-SemiBold", "FiraSans-Italic")


def fonts() -> Path:
    """Where the fonts lie that set-up decoded once (decoding them at each render costs a third of the time)."""
    return Path(settings.VAR) / "fonts"


def decode_fonts() -> None:
    """Decode the faces we print with from the installed design system to TTF; once, at set-up."""
    from fontTools.ttLib import TTFont

    fonts().mkdir(parents=True, exist_ok=True)
    for face in FACES:
        target = fonts() / f"{face}.ttf"
        if not target.exists():
            font = TTFont(Path(settings.ASSETS) / "fonts" / "fira-sans" / f"{face}.woff2")
            font.flavor = None
            font.save(target)


def render(template: str, context: dict[str, Any], styles: tuple[str, ...]) -> bytes:
    """The PDF of a template: PDF/A-3a with title, language, tags and bookmarks.

    No network and no files: only the styles and fonts named here are reachable. Same data, same bytes.
    """
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration

    fetcher = _fetcher()
    configuration = FontConfiguration()
    sheets = [
        CSS(
            string=(STYLES / name).read_text(),
            base_url="kim:/",
            url_fetcher=fetcher,
            font_config=configuration,
        )
        for name in styles
    ]
    html = HTML(string=render_to_string(template, context), base_url="kim:/", url_fetcher=fetcher)
    pdf: bytes = html.write_pdf(
        stylesheets=sheets, font_config=configuration, pdf_variant="pdf/a-3a", pdf_identifier=b"kim"
    )
    return pdf


def _fetcher() -> Any:
    """A fetcher that knows the bundled fonts by name and refuses everything else, without looking it up."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class Bundled(URLFetcher):
        def fetch(self, url: str, headers: Any = None) -> Any:
            name = url.removeprefix("kim:/fonts/").removesuffix(".ttf")
            if name not in FACES:
                raise ValueError("Ein Dokument darf nichts von außen laden.")
            path = fonts() / f"{name}.ttf"
            if not path.exists():
                raise ImproperlyConfigured(f"Die Schrift {name} fehlt; script/setup legt sie an.")
            return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": "font/ttf"})

    return Bundled()
