"""The plain recipe as a Function, to compare with: Keras `predict` for each picture, a Python loop over core samples.

The first thing that works, as tutorials have it and as the sample did that this project continues. It stands alone:
the host gives it a folder of its own, two files by environment variable, and nothing of this project.
"""

import base64
import io
import json
import os
from functools import cache
from typing import Protocol

import azure.functions as func
import numpy as np
from numpy.typing import NDArray
from PIL import Image

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


class Network(Protocol):
    """What is used of a Keras model: TensorFlow has no types for it."""

    def predict(self, x: NDArray[np.float32], *, verbose: int) -> NDArray[np.float32]: ...


@cache
def network() -> Network:
    import tensorflow as tf

    model = tf.keras.applications.VGG16(include_top=False, weights=None, input_shape=(240, 240, 3), pooling="avg")
    with np.load(os.environ["PLAIN_WEIGHTS"]) as weights:
        for layer in model.layers:
            if layer.get_weights():
                layer.set_weights([weights[f"{layer.name}/kernel"], weights[f"{layer.name}/bias"]])
    return model


@cache
def clusters() -> tuple[NDArray[np.float32], NDArray[np.int32], float]:
    with np.load(os.environ["PLAIN_CLUSTERS"]) as arrays:
        return arrays["vectors"], arrays["clusters"], float(arrays["eps"].max())


def embed(data: bytes) -> NDArray[np.float32]:
    """One picture's vector, by one call of `predict`."""
    import tensorflow as tf

    picture = Image.open(io.BytesIO(data)).convert("RGB").resize((240, 240), Image.Resampling.BILINEAR)
    batch = tf.keras.applications.vgg16.preprocess_input(np.asarray(picture, dtype=np.float32)[None])
    return network().predict(batch, verbose=0)[0]


def cluster_of(vector: NDArray[np.float32]) -> int:
    """The cluster of the first core sample within eps."""
    from scipy.spatial import distance

    vectors, numbers, eps = clusters()
    for core, number in zip(vectors, numbers, strict=True):
        if distance.cosine(vector, core) < eps:
            return int(number)
    return -1


def main(req: func.HttpRequest) -> func.HttpResponse:
    values = []
    for value in req.get_json()["values"]:
        cluster = cluster_of(embed(base64.b64decode(value["data"]["images"]["data"])))
        values.append({"recordId": value["recordId"], "data": {"clusterId": cluster}, "errors": [], "warnings": []})
    return func.HttpResponse(json.dumps({"values": values}), mimetype="application/json")
