"""PDFs drawn by hand: no program that makes them is needed, and every place in them is known."""

from collections.abc import Sequence


def pdf(*pages: str, encrypted: bool = False, title: str = "", picture: tuple[int, int, bytes] | None = None) -> bytes:
    """A small PDF; a page is drawn by the operators in its text. `picture` is width, height and grey pixels of `/P`."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{7 + 2 * n} 0 R" for n in range(len(pages)))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode())
    for font in ("Helvetica", "Helvetica-Bold", "Courier"):
        objects.append(f"<< /Type /Font /Subtype /Type1 /BaseFont /{font} >>".encode())
    width, height, grey = picture or (1, 1, b"\xff")
    head = f"<< /Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray /BitsPerComponent 8"
    objects.append(f"{head} /Length {len(grey)} >>\nstream\n".encode() + grey + b"\nendstream")
    for n, drawn in enumerate(pages):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {8 + 2 * n} 0 R "
            "/Resources << /Font << /F 3 0 R /B 4 0 R /C 5 0 R >> /XObject << /P 6 0 R >> >> >>".encode()
        )
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream".encode())
    objects.append(f"<< /Title ({title}) /ModDate (D:20260314101500Z) >>".encode())
    key = "00" * 32
    objects.append(f"<< /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <{key}> /U <{key}> >>".encode())
    data, offsets = b"%PDF-1.4\n", list[int]()
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % at for at in offsets)
    info = f"/Info {len(objects) - 1} 0 R" + (f" /Encrypt {len(objects)} 0 R /ID [<00> <00>]" if encrypted else "")
    return data + f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {info} >>\nstartxref\n{start}\n%%EOF".encode()


def line(y: float, text: str, *, x: float = 72, size: float = 10, font: str = "F") -> str:
    """A line of text; `font` is F, B for bold or C for one of fixed width."""
    return f"BT /{font} {size} Tf {x} {y} Td ({text}) Tj ET "


def rule(x: float, y: float, to_x: float, to_y: float) -> str:
    """A straight line."""
    return f"{x} {y} m {to_x} {to_y} l 0.5 w S "


def grid(columns: Sequence[float], levels: Sequence[float]) -> str:
    """Lines around every cell."""
    across = [rule(columns[0], y, columns[-1], y) for y in levels]
    return "".join([*across, *(rule(x, levels[0], x, levels[-1]) for x in columns)])
