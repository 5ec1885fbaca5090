"""Files to be looked into: PDF drawn by WeasyPrint, as the program itself draws, and pictures."""

import io

import pikepdf
from PIL import Image
from weasyprint import HTML

SHEET = "<html lang=de><style>@page { size: A5; margin: 2cm } article { break-after: page; hyphens: auto }</style>"
NOTICE = (
    "<h1>Bescheid</h1><p>Aktenzeichen 34.02-KIM</p>",
    "<p>Gefördert werden drei Vollzeitstellen (3,0 VZÄ) für die Koordinierung.</p>",
    "<p style='width: 3cm'>Die Personalkostenzuschüsse im Rahmen der Kommunal&shy;integrations&shy;managementförderung"
    " gelten.</p><p>Betrag: 171.000,00 € (a+b)* [x]? $5^2 je Stelle</p>",
)


def pdf(*pages):
    """A PDF of these pages."""
    return HTML(string=SHEET + "".join(f"<article>{one}</article>" for one in pages or NOTICE)).write_pdf()


def scan():
    """A PDF that is a picture of a page: without text."""
    stream = io.BytesIO()
    Image.new("RGB", (600, 800), "grey").save(stream, "PDF")
    return stream.getvalue()


def picture(kind="PNG", size=(60, 40), **how):
    """A picture, red on the left, blue on the right."""
    stream = io.BytesIO()
    made = Image.new("RGB", size, "blue")
    made.paste("red", (0, 0, size[0] // 2, size[1]))
    made.save(stream, kind, **how)
    return stream.getvalue()


def lettered(words):
    """The smallest PDF with these words on its page."""
    made = io.BytesIO()
    with pikepdf.new() as one:
        one.add_blank_page(page_size=(400, 200))
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        one.pages[0].Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
        one.pages[0].Contents = one.make_stream(f"BT /F1 12 Tf 20 100 Td ({words}) Tj ET".encode("latin-1"))
        one.save(made)
    return made.getvalue()
