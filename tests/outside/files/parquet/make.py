"""The Parquet files beside this one, and truth.npy, what most of them hold (pandas 3.1, pyarrow 26)."""
import datetime
import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

n = 30
rng = np.random.default_rng(0)
x, y = rng.normal(size=n), rng.normal(size=n).astype("f4")
table = pd.DataFrame({"x": x, "y": y})
np.save("truth.npy", table.to_numpy("f8"))
for codec in ["snappy", "gzip", "zstd", "brotli", "lz4", None]:
    table.to_parquet(f"{str(codec).lower()}.parquet", compression=codec)
plain = pa.Table.from_pandas(table)
pq.write_table(plain, "groups.parquet", row_group_size=7)
pq.write_table(plain, "pages_v2.parquet", data_page_version="2.0", compression="zstd")
pq.write_table(
    plain,
    "split.parquet",
    use_dictionary=False,
    column_encoding={"x": "BYTE_STREAM_SPLIT", "y": "BYTE_STREAM_SPLIT"},
)
table.set_index(pd.Index([f"row {i}" for i in range(n)], name="key")).to_parquet("index.parquet")
table.sort_values("x").to_parquet("sorted.parquet")
whole = np.arange(n)
types = {
    "i8": pa.array(whole, pa.int8()),
    "u16": pa.array(whole, pa.uint16()),
    "u32": pa.array(whole + 2**31, pa.uint32()),
    "i64": pa.array(whole * 10**12, pa.int64()),
    "u64": pa.array(whole, pa.uint64()),
    "b": pa.array(whole % 2 == 0),
    "f16": pa.array(x.astype("f2"), pa.float16()),
    "d": pa.array([decimal.Decimal(int(i)) / 4 for i in whole], pa.decimal128(10, 2)),
}
pq.write_table(pa.table(types), "types.parquet")
pq.write_table(
    pa.table({"i": pa.array(whole * 3, pa.int64()), "j": pa.array(whole * whole, pa.int32())}),
    "delta.parquet",
    use_dictionary=False,
    column_encoding={"i": "DELTA_BINARY_PACKED", "j": "DELTA_BINARY_PACKED"},
)
missing = table.assign(k=pd.array([1, None, 3] * (n // 3), dtype="Int64"))
missing.loc[3, "x"] = np.nan
missing.to_parquet("missing.parquet")
pq.write_table(
    pa.table({
        "x": x,
        "s": ["a", "b"] * (n // 2),
        "c": pa.array(["u", "v"] * (n // 2)).dictionary_encode(),
        "day": [datetime.date(2024, 1, 1)] * n,
        "at": pa.array([datetime.datetime(2024, 1, 1)] * n, pa.timestamp("ns")),
        "l": [[1.0, 2.0]] * n,
        "y": y,
    }),
    "others.parquet",
)
species = ["cat", "dog", "pig, small"] * (n // 3)
odd = [" x ", "NA", "007", "é😀", "a\nb", None, "", "7"]
texts = {
    "x": x,
    "plain": species,
    "dict": pa.array(species).dictionary_encode(),
    "large": pa.array(species, pa.large_string()),
    "old": pa.array([name.encode() for name in species]),  # text without an annotation
    "flag": [i % 2 == 0 for i in range(n)],
    "odd": [odd[i % len(odd)] for i in range(n)],
    "bytes": [bytes([255, i]) for i in range(n)],
}
pq.write_table(pa.table(texts), "texts.parquet")
pq.write_table(
    pa.table(texts), "texts_plain.parquet", use_dictionary=False, data_page_version="2.0"
)
pq.write_table(
    pa.table({"x": x, "s": species}),
    "texts_delta.parquet",
    use_dictionary=False,
    column_encoding={"s": "DELTA_BYTE_ARRAY"},
)
pets = pd.DataFrame({
    "x": x,
    "kind": pd.Categorical(species, categories=["pig, small", "dog", "cat"], ordered=True),
    "size": pd.Categorical([10, 9, 100] * (n // 3)),
})
pets.to_parquet("pets.parquet")
pets.to_csv("pets.csv", index=False)
big = [2**53 + i for i in range(n)]
pq.write_table(
    pa.table({"x": x, "id": big, "key": pa.array([2**63 + 1] * n, pa.uint64()), "even": [2**60] * n}),
    "big.parquet",
)
np.save("big.npy", np.array([big, [2**60 - i % 2 for i in range(n)]]).T)
np.save("big_fortran.npy", np.asfortranarray(np.array([big, [2**60 - i % 2 for i in range(n)]]).T.astype(">u8")))

# Decimals beyond float64's 2^53, with and without digits behind the point, in every physical type.
decimals = pa.table({
    "id": pa.array([decimal.Decimal(2**53 + i) for i in range(n)], pa.decimal128(38, 0)),
    "cents": pa.array([decimal.Decimal(10**17 + i).scaleb(-2) for i in range(n)], pa.decimal128(18, 2)),
    "whole": pa.array([decimal.Decimal(-(2**53) - i) for i in range(n)], pa.decimal128(38, 4)),
    "long": pa.array([decimal.Decimal(3 * i - 1).scaleb(-1) for i in range(n)], pa.decimal256(60, 30)),
})
pq.write_table(decimals, "decimals.parquet", store_decimal_as_integer=True)
