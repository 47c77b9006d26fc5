/** @file The loader for PyTorch that goes into every compact folder. Python's text; nothing here runs it. */

export const pythonLoaderFile = "load_compact.py";

/** Needs numpy, torch and safetensors. Its random values are those of `randomWeights`, bit for bit. */
export const pythonLoader = `"""Loads a compact checkpoint of deadweight. Needs numpy, torch and safetensors.

load_state_dict(folder) gives every weight of the ordinary checkpoint, load_model(folder) the model of transformers with them.
"""
import hashlib
import json
import os

import numpy as np
import torch
from safetensors import safe_open

DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
# Wichura, algorithm AS 241 (1988), highest power first: numerators and denominators of the centre and of both tails.
CENTRE = ([2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946,
           1971.5909503065513, 133.14166789178438, 3.3871328727963665],
          [5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751,
           687.1870074920579, 42.31333070160091, 1.0])
NEAR = ([7.745450142783414e-4, 2.2723844989269184e-2, 2.417807251774506e-1, 1.2704582524523684, 3.6478483247632045,
         5.769497221460691, 4.630337846156546, 1.4234371107496835],
        [1.0507500716444169e-9, 5.475938084995345e-4, 1.5198666563616457e-2, 1.4810397642748008e-1, 6.897673349851e-1,
         1.6763848301838038, 2.053191626637759, 1.0])
FAR = ([2.0103343992922881e-7, 2.7115555687434876e-5, 1.2426609473880784e-3, 2.6532189526576124e-2, 2.9656057182850487e-1,
        1.7848265399172913, 5.463784911164114, 6.657904643501103],
       [2.0442631033899397e-15, 1.421511758316446e-7, 1.8463183175100548e-5, 7.868691311456133e-4, 1.4875361290850615e-2,
        1.369298809227358e-1, 5.99832206555888e-1, 1.0])


def philox(counter, key):
    """Philox4x32-10 (Salmon et al., SC 2011). counter: four arrays of uint64 that hold 32-bit words."""
    c, k, mask = list(counter), list(key), np.uint64(0xFFFFFFFF)
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(k[0]), p1 & mask, (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(k[1]), p0 & mask]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def exact_log(x):
    """fdlibm's logarithm by + - * / alone: the platform's may differ in the last bit."""
    bits = x.view(np.int64)
    high, low = bits >> 32, bits & 0xFFFFFFFF
    fraction = high & 0xFFFFF
    carry = (fraction + 0x95F64) & 0x100000
    exponent = ((high >> 20) - 1023 + (carry >> 20)).astype(np.float64)
    f = (((fraction | (carry ^ 0x3FF00000)) << 32) | low).view(np.float64) - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = w * (3.999999999940942e-1 + w * (2.2222198432149784e-1 + w * 1.5313837699209373e-1))
    odd = z * (6.666666666666735e-1 + w * (2.857142874366239e-1 + w * (1.818357216161805e-1 + w * 1.4798198605116586e-1)))
    half = 0.5 * f * f
    return exponent * 6.931471803691238e-1 - (half - (s * (half + even + odd) + exponent * 1.9082149292705877e-10) - f)


def ratio(coefficients, r, factor=1.0):
    values = []
    for c in coefficients:
        value = np.full_like(r, c[0])
        for coefficient in c[1:]:
            value = value * r + coefficient
        values.append(value)
    return factor * values[0] / values[1]


def normal_quantile(p):
    q = p - 0.5
    r = np.sqrt(-exact_log(np.where(q < 0, p, 1.0 - p)))
    tail = np.where(r <= 5.0, ratio(NEAR, r - 1.6), ratio(FAR, r - 5.0))
    return np.where(np.abs(q) <= 0.425, ratio(CENTRE, 0.180625 - q * q, q), np.where(q < 0, -tail, tail))


def random_weights(parameter, elements, deviation, seed, chunk=1 << 18):
    """[elements] float32: i.i.d. normal values of one stream, the same on every platform."""
    digest = hashlib.sha256(f"deadweight/random@1:{seed}:random weights of {parameter}".encode()).digest()
    words = [int.from_bytes(digest[4 * i : 4 * i + 4], "little") for i in range(4)]
    values, count, block = [], 0, 0
    while count < elements:
        index = np.arange(block, block + min(chunk, (elements - count + 1) // 2), dtype=np.uint64)
        block += len(index)
        upper = [np.full_like(index, words[2]), np.full_like(index, words[3])]
        w = np.stack(philox([index & np.uint64(0xFFFFFFFF), index >> np.uint64(32), *upper], words[:2]), 1).reshape(-1, 2)
        u = ((w[:, 0] >> np.uint64(5)).astype(np.float64) * 2.0**26 + (w[:, 1] >> np.uint64(6)).astype(np.float64)) / 2.0**53
        values.append((normal_quantile(u[u > 0]) * deviation).astype(np.float32))
        count += len(values[-1])
    return np.concatenate(values)[:elements] if values else np.zeros(0, np.float32)


def load_state_dict(folder):
    """Every weight of the ordinary checkpoint by name; a tied copy shares its table's memory."""
    with safe_open(os.path.join(folder, "compact.safetensors"), "pt") as file:
        record = json.loads(file.metadata()["deadweight"])
        if record["schema"] != "deadweight/compact@1":
            raise ValueError(f"{folder}: the record is {record['schema']}, but deadweight/compact@1 is wanted.")
        factors = {m[side] for m in record["matrices"] if m["form"] == "factors" for side in ("left", "right")}
        state = {name: file.get_tensor(name) for name in file.keys() if name not in factors}
        for m in record["matrices"]:
            if m["form"] == "factors":
                values = file.get_tensor(m["left"]).float() @ file.get_tensor(m["right"]).float()
            elif m["form"] == "random":
                drawn = random_weights(m["parameter"], m["shape"][0] * m["shape"][1], m["deviation"], m["seed"])
                values = torch.from_numpy(drawn).reshape(m["shape"])
            else:
                values = torch.zeros(m["shape"])
            state[m["name"]] = values.to(DTYPES[m["dtype"]])
    state.update({copy["name"]: state[copy["of"]] for copy in record["copies"]})
    return state


def load_model(folder, **options):
    import transformers

    config = transformers.AutoConfig.from_pretrained(folder)
    model = getattr(transformers, config.architectures[0])
    return model.from_pretrained(None, config=config, state_dict=load_state_dict(folder), **options)
`;
