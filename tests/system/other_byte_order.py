"""A perf.data file as a machine of the other byte order would have written it.

Written from the formats' definitions (perf_event_open(2), perf.data-file-format.txt), for file mode
with plain records and events of one layout. perf reads the result as it reads the original.
"""
import struct

# struct perf_event_attr: a digit is a number of so many bytes, f eight bytes of bit fields.
ATTR = "448888f4488884484224488"

SIDE_BAND = {1: "44888", 2: "88", 3: "44", 4: "44448", 5: "888", 6: "888", 7: "44448",
             10: "44888448844", 13: "8", 15: "44", 17: "8422", 18: "224", 79: "888"}

# perf's own: numbers from end to end, names between numbers, numbers by the first of them.
ID_INDEX, THREAD_MAP, CPU_MAP = 69, 73, 74

# The fields of samples that are a word each, and of trailers: PERF_SAMPLE_ bits in their order.
IDENTIFIER, IP, TID, TIME, ADDR, ID, STREAM_ID, CPU, PERIOD = (
    1 << bit for bit in (16, 0, 1, 2, 3, 6, 9, 7, 8))
CALLCHAIN, REGS_USER, STACK_USER = 1 << 5, 1 << 12, 1 << 13


def turned(data, form):
    """The bytes that the form describes, turned around, and the rest as it is."""
    result, at = b"", 0
    for kind in form:
        if kind == "f":
            result += bytes(int(f"{byte:08b}"[::-1], 2) for byte in data[at:at + 8])
            at += 8
        elif at < len(data):
            result += data[at:at + int(kind)][::-1]
            at += int(kind)
    return result + data[at:]


def fields_form(sample_type, fields):
    return "".join("44" if field in (TID, CPU) else "8" for field in fields
                   if sample_type & field)


def sample_form(record, sample_type, n_registers):
    fixed = fields_form(sample_type, (IDENTIFIER, IP, TID, TIME, ADDR, ID, STREAM_ID, CPU, PERIOD))
    at = 8 + 4 * fixed.count("4") + 8 * fixed.count("8")
    form = "422" + fixed
    if sample_type & CALLCHAIN:
        count, = struct.unpack_from("<Q", record, at)
        form += "8" * (count + 1)
        at += 8 * (count + 1)
    if sample_type & REGS_USER:
        has_any, = struct.unpack_from("<Q", record, at)
        count = 1 + (n_registers if has_any else 0)
        form += "8" * count
        at += 8 * count
    if sample_type & STACK_USER:
        size, = struct.unpack_from("<Q", record, at)
        form += "8" + "1" * size + ("8" if size else "")
    return form


def turned_record(record, sample_type, n_registers):
    kind, misc = struct.unpack_from("<IH", record)
    if kind == 9:
        return turned(record, sample_form(record, sample_type, n_registers))
    trailer = fields_form(sample_type, (TID, TIME, ID, STREAM_ID, CPU, IDENTIFIER))
    size = 4 * trailer.count("4") + 8 * trailer.count("8") if kind < 64 else 0
    body, tail = record[:len(record) - size], record[len(record) - size:]
    form = SIDE_BAND.get(kind, "")
    if kind == ID_INDEX:
        form = "8" * ((len(record) - 8) // 8)
    if kind == THREAD_MAP:
        form = "8" + ("8" + "1" * 16) * ((len(record) - 16) // 24)
    if kind == CPU_MAP:
        form = {0: "2" * ((len(record) - 8) // 2),
                1: "222" + "11" + "8" * ((len(record) - 16) // 8),
                2: "21122"}[struct.unpack_from("<H", record, 8)[0]]
    if kind == 10 and misc & 1 << 14:
        form = "44888" + "1" * 24 + "44"
    return turned(body, "422" + form) + turned(tail, trailer)


def turned_build_ids(section):
    result, at = b"", 0
    while at < len(section):
        size, = struct.unpack_from("<H", section, at + 6)
        result += turned(section[at:at + size], "4224")
        at += size
    return result


def turned_feature(feature, body, attr_size):
    if feature == 2:
        return turned_build_ids(body)
    if feature in (3, 4, 5, 6, 8, 9):
        return turned(body, "4")
    if feature == 7:
        return turned(body, "44")
    if feature in (10, 21, 23):
        return turned(body, "8" * (len(body) // 8))
    if feature == 11:
        form, at = "4", 4
        for _ in range(struct.unpack_from("<I", body)[0]):
            size, = struct.unpack_from("<I", body, at)
            form += "4" + "1" * size
            at += 4 + size
        return turned(body, form)
    if feature == 12:
        n_events, _ = struct.unpack_from("<II", body)
        parts, at = [turned(body[:8], "44")], 8
        for _ in range(n_events):
            parts.append(turned(body[at:at + attr_size], ATTR))
            at += attr_size
            n_ids, size = struct.unpack_from("<II", body, at)
            end = at + 8 + size + 8 * n_ids
            parts.append(turned(body[at:end], "44" + "1" * size + "8" * n_ids))
            at = end
        return b"".join(parts)
    return None


def other_byte_order(data):
    """@return the file with every number turned around; features it does not know are left out."""
    header = list(struct.unpack_from("<13Q", data))
    result = bytearray(data)
    attr_entry_size, attrs, attrs_size = header[2:5]
    begin, size = header[5:7]
    attr_size = attr_entry_size - 16
    sample_type, = struct.unpack_from("<Q", data, attrs + 24)
    n_registers = bin(struct.unpack_from("<Q", data, attrs + 80)[0]).count("1")
    for entry in range(attrs, attrs + attrs_size, attr_entry_size):
        offset, ids_size = struct.unpack_from("<QQ", data, entry + attr_size)
        result[entry:entry + attr_size] = turned(data[entry:entry + attr_size], ATTR)[:attr_size]
        result[entry + attr_size:entry + attr_entry_size] = struct.pack(">QQ", offset, ids_size)
        result[offset:offset + ids_size] = turned(data[offset:offset + ids_size],
                                                  "8" * (ids_size // 8))
    at = begin
    while at < begin + size:
        record_size, = struct.unpack_from("<H", data, at + 6)
        result[at:at + record_size] = turned_record(data[at:at + record_size], sample_type,
                                                    n_registers)
        at += record_size
    bits = sum(word << 64 * i for i, word in enumerate(header[9:13]))
    table = begin + size
    kept = []
    for feature in (i for i in range(256) if bits >> i & 1):
        offset, body_size = struct.unpack_from("<QQ", data, table)
        body = turned_feature(feature, data[offset:offset + body_size], attr_size)
        if body is None:
            bits &= ~(1 << feature)
        else:
            kept.append((offset, body))
        table += 16
    for i, (offset, body) in enumerate(kept):
        struct.pack_into(">QQ", result, begin + size + 16 * i, offset, len(body))
        result[offset:offset + len(body)] = body
    header[9:13] = [bits >> 64 * i & (1 << 64) - 1 for i in range(4)]
    struct.pack_into(">13Q", result, 0, *header)
    return bytes(result)
