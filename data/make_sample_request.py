"""Write sample_request.json: one picture, as Azure AI Search would send it to the skill."""

import base64
import io
import json
from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent
PICTURE = HERE / "test" / "open_book_01.jpg"


def sample_request(picture: bytes) -> dict[str, object]:
    """A request with one record: a normalized image, with the fields that document cracking gives it."""
    with Image.open(io.BytesIO(picture)) as opened:
        width, height = opened.size
    image = {
        "$type": "file",
        "contentType": "image/jpeg",
        "data": base64.b64encode(picture).decode(),
        "width": width,
        "height": height,
        "originalWidth": width,
        "originalHeight": height,
        "rotationFromOriginal": 0,
        "contentOffset": 0,
        "pageNumber": 0,
    }
    return {"values": [{"recordId": "1", "data": {"images": image}}]}


if __name__ == "__main__":
    request = json.dumps(sample_request(PICTURE.read_bytes()), indent=2)
    (HERE / "sample_request.json").write_text(request + "\n", encoding="utf-8")
