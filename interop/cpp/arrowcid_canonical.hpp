// Encoder of the ArrowCid canonical block, version 1, and of the logical fingerprint lfp1: C++17, this header alone,
// without libarrowcid. Written from src/ArrowCid/Ipc/Canonical/canonical-block.md and
// src/ArrowCid/Ipc/Fingerprints/lfp1.md alone; it is for checking other encoders, and is not fast.
//
//     namespace ac = arrowcid::canonical;
//     ac::field px{"px", "float"};
//     px.p["precision"] = 2;
//     ac::batch day{{px}, {{ac::value::fixed(1.5), ac::value()}}, 2};
//     std::string cid = ac::cid(ac::encode(day));
//
// Kinds and parameters are those of interop/vectors/blocks.json. Values of fixed width are their bytes, little-endian;
// dictionaries and runs are given by the values that they lead to. Errors are std::invalid_argument.
#ifndef ARROWCID_CANONICAL_HPP
#define ARROWCID_CANONICAL_HPP

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace arrowcid::canonical {

using bytes = std::string;

/// A value: a null; bytes (text, binary, every fixed width, a bool as one byte); or a list of values. Of a union it is
/// a list of one value, with the code.
struct value {
    enum class form { null, hidden, raw, list };

    form is = form::null;
    bytes raw;
    std::vector<value> items;
    int code = 0;

    static value of(bytes raw) {
        value made;
        made.is = form::raw;
        made.raw = std::move(raw);
        return made;
    }

    static value list(std::vector<value> items, int code = 0) {
        value made;
        made.is = form::list;
        made.items = std::move(items);
        made.code = code;
        return made;
    }

    /// The bytes of a number, on a little-endian machine.
    template <class T> static value fixed(T number) {
        return of(bytes(reinterpret_cast<const char *>(&number), sizeof number));
    }

    bool valid() const { return is == form::raw || is == form::list; }
};

/// The index of a dictionary.
struct dictionary_index {
    int bits = 32;
    bool is_signed = true;
    bool ordered = false;
};

/// A field: its type by kind and parameters (p), its children, and for a dictionary the index.
struct field {
    std::string name;
    std::string kind;
    std::map<std::string, std::int64_t> p;
    std::string zone;
    std::vector<int> codes;
    bool nullable = true;
    std::vector<field> children;
    std::optional<dictionary_index> index;
    std::vector<value> entries;
    std::vector<std::pair<std::string, std::string>> metadata;

    field() = default;
    field(std::string name, std::string kind) : name(std::move(name)), kind(std::move(kind)) {}
};

/// A batch: fields, a column of values for each, the number of rows, and the schema's metadata.
struct batch {
    std::vector<field> fields;
    std::vector<std::vector<value>> columns;
    std::int64_t rows = 0;
    std::vector<std::pair<std::string, std::string>> metadata;
};

namespace detail {

using emitter = std::function<std::size_t(bytes &)>;

inline void put(bytes &out, std::uint64_t number, int size) {
    for (int i = 0; i < size; i++) out.push_back(static_cast<char>(number >> (8 * i)));
}

inline void set(bytes &out, std::size_t at, std::uint64_t number, int size) {
    for (int i = 0; i < size; i++) out[at + i] = static_cast<char>(number >> (8 * i));
}

inline void pad(bytes &out, std::size_t to, std::size_t ahead = 0) {
    out.append((to - (out.size() + ahead) % to) % to, '\0');
}

struct slot {
    int id;
    int size;
    std::uint64_t number;
    emitter target;
};

inline slot number(int id, int size, std::int64_t of) { return {id, size, static_cast<std::uint64_t>(of), nullptr}; }
inline slot reference(int id, emitter to) { return {id, 4, 0, std::move(to)}; }

inline emitter table(std::vector<slot> slots) {
    return [slots = std::move(slots)](bytes &out) {
        std::map<int, std::size_t> at;
        std::size_t cursor = 4;
        int last = -1;
        for (const slot &each : slots) {
            cursor = (cursor + each.size - 1) / each.size * each.size;
            at[each.id] = cursor;
            cursor += each.size;
            last = each.id;
        }
        const std::size_t size = 4 + 2 * (last + 1);
        pad(out, 8, size);
        put(out, size, 2);
        put(out, cursor, 2);
        for (int id = 0; id <= last; id++) put(out, at.count(id) ? at[id] : 0, 2);
        const std::size_t here = out.size();
        out.append(cursor, '\0');
        set(out, here, size, 4);
        for (const slot &each : slots)
            if (!each.target) set(out, here + at[each.id], each.number, each.size);
        for (const slot &each : slots) {
            if (!each.target) continue;
            const std::size_t from = here + at[each.id];
            set(out, from, each.target(out) - from, 4);
        }
        return here;
    };
}

inline emitter text(std::string of) {
    return [of = std::move(of)](bytes &out) {
        pad(out, 4);
        const std::size_t here = out.size();
        put(out, of.size(), 4);
        out += of;
        out.push_back('\0');
        return here;
    };
}

inline emitter tables(std::vector<emitter> items) {
    return [items = std::move(items)](bytes &out) {
        pad(out, 4);
        const std::size_t here = out.size();
        put(out, items.size(), 4);
        out.append(4 * items.size(), '\0');
        for (std::size_t i = 0; i < items.size(); i++) {
            const std::size_t from = here + 4 + 4 * i;
            set(out, from, items[i](out) - from, 4);
        }
        return here;
    };
}

inline emitter numbers(std::vector<std::int64_t> all, int size, std::size_t count) {
    return [all = std::move(all), size, count](bytes &out) {
        pad(out, size == 8 ? 8 : 4, size == 8 ? 4 : 0);
        const std::size_t here = out.size();
        put(out, count, 4);
        for (std::int64_t each : all) put(out, static_cast<std::uint64_t>(each), size);
        return here;
    };
}

struct kind_of {
    int tag;
    std::vector<std::pair<const char *, int>> parameters;
};

inline const kind_of &kind(const std::string &name) {
    static const std::map<std::string, kind_of> all = {
        {"null", {1, {}}}, {"int", {2, {{"bits", 4}, {"signed", 1}}}}, {"float", {3, {{"precision", 2}}}},
        {"binary", {4, {}}}, {"utf8", {5, {}}}, {"bool", {6, {}}},
        {"decimal", {7, {{"precision", 4}, {"scale", 4}, {"bits", 4}}}}, {"date", {8, {{"unit", 2}}}},
        {"time", {9, {{"unit", 2}, {"bits", 4}}}}, {"timestamp", {10, {{"unit", 2}}}},
        {"interval", {11, {{"unit", 2}}}}, {"list", {12, {}}}, {"struct", {13, {}}}, {"union", {14, {{"mode", 2}}}},
        {"fixed_binary", {15, {{"width", 4}}}}, {"fixed_list", {16, {{"size", 4}}}}, {"map", {17, {{"sorted", 1}}}},
        {"duration", {18, {{"unit", 2}}}}, {"large_binary", {19, {}}}, {"large_utf8", {20, {}}},
        {"large_list", {21, {}}}, {"run_end", {22, {}}}, {"binary_view", {23, {}}}, {"utf8_view", {24, {}}},
        {"list_view", {25, {}}}, {"large_list_view", {26, {}}}};
    const auto found = all.find(name);
    if (found == all.end()) throw std::invalid_argument("there is no kind '" + name + "'");
    return found->second;
}

inline bool is_view(const std::string &kind) { return kind.size() > 4 && kind.compare(kind.size() - 4, 4, "view") == 0; }
inline bool is_large(const std::string &kind) { return kind.compare(0, 5, "large") == 0; }
inline bool is_bytes(const std::string &kind) {
    return kind != "fixed_binary" && (kind.find("utf8") != std::string::npos || kind.find("binary") != std::string::npos);
}
inline bool is_list(const std::string &kind) {
    return kind == "map" || (kind != "fixed_list" && kind.find("list") != std::string::npos);
}

inline std::int64_t parameter(const field &of, const char *name) {
    const auto found = of.p.find(name);
    if (found == of.p.end()) throw std::invalid_argument("field '" + of.name + "' lacks the parameter " + name);
    return found->second;
}

inline std::size_t width(const field &of) {
    if (of.kind == "int" || of.kind == "decimal" || of.kind == "time") return parameter(of, "bits") / 8;
    if (of.kind == "float") return 2u << parameter(of, "precision");
    if (of.kind == "date" || of.kind == "interval") return 4u << parameter(of, "unit");
    return of.kind == "fixed_binary" ? parameter(of, "width") : 8;
}

inline const field &child(const field &of, std::size_t i) {
    if (i >= of.children.size()) throw std::invalid_argument("field '" + of.name + "' lacks a child");
    return of.children[i];
}

inline std::size_t position(const field &of, int code) {
    const auto found = std::find(of.codes.begin(), of.codes.end(), code);
    if (found == of.codes.end()) throw std::invalid_argument("field '" + of.name + "' has no such code");
    return found - of.codes.begin();
}

/// The children of a field under their canonical names.
inline std::vector<field> canonical_children(const field &of) {
    const auto named = [](field made, const char *name, std::optional<bool> nullable, bool own) {
        made.name = name;
        if (nullable) made.nullable = *nullable;
        if (!own) {
            made.metadata.erase(std::remove_if(made.metadata.begin(), made.metadata.end(), [](const auto &each) {
                return each.first.compare(0, 16, "ARROW:extension:") != 0;
            }), made.metadata.end());
        }
        return made;
    };
    if (of.kind == "map") {
        field entries = named(child(of, 0), "entries", false, false);
        entries.children = {named(child(entries, 0), "key", false, true), named(child(entries, 1), "value", {}, true)};
        return {entries};
    }
    if (of.kind == "run_end")
        return {named(child(of, 0), "run_ends", false, false), named(child(of, 1), "values", true, false)};
    if (is_list(of.kind) || of.kind == "fixed_list") return {named(child(of, 0), "item", {}, true)};
    return of.children;
}

inline void add_key_values(std::vector<slot> &to, std::vector<std::pair<std::string, std::string>> pairs, int id) {
    if (pairs.empty()) return;
    std::sort(pairs.begin(), pairs.end());
    std::vector<emitter> items;
    for (auto &[key, of] : pairs) items.push_back(table({reference(0, text(key)), reference(1, text(of))}));
    to.push_back(reference(id, tables(std::move(items))));
}

inline emitter field_table(const field &of, std::int64_t &ids, int depth = 1) {
    if (depth > 32) throw std::invalid_argument("field '" + of.name + "' is nested deeper than 32");
    const kind_of &type = kind(of.kind);
    std::vector<slot> parameters;
    for (std::size_t i = 0; i < type.parameters.size(); i++)
        parameters.push_back(number(static_cast<int>(i), type.parameters[i].second, parameter(of, type.parameters[i].first)));
    if (of.kind == "timestamp" && !of.zone.empty()) parameters.push_back(reference(1, text(of.zone)));
    if (of.kind == "union")
        parameters.push_back(reference(1, numbers({of.codes.begin(), of.codes.end()}, 4, of.codes.size())));
    std::vector<slot> slots = {reference(0, text(of.name)), number(1, 1, of.nullable), number(2, 1, type.tag),
                               reference(3, table(std::move(parameters)))};
    if (of.index) {
        slots.push_back(reference(4, table({number(0, 8, ids++),
            reference(1, table({number(0, 4, of.index->bits), number(1, 1, of.index->is_signed)})),
            number(2, 1, of.index->ordered), number(3, 2, 0)})));
    }
    std::vector<emitter> children;
    for (const field &each : canonical_children(of)) children.push_back(field_table(each, ids, depth + 1));
    slots.push_back(reference(5, tables(std::move(children))));
    auto metadata = of.metadata;
    metadata.erase(std::remove(metadata.begin(), metadata.end(),
        std::pair<std::string, std::string>("ARROW:extension:metadata", "")), metadata.end());
    add_key_values(slots, std::move(metadata), 6);
    return table(std::move(slots));
}

/// A float with every NaN made the quiet one.
inline bytes quiet(const bytes &raw) {
    std::uint64_t bits = 0;
    for (std::size_t i = raw.size(); i-- > 0;) bits = bits << 8 | static_cast<unsigned char>(raw[i]);
    const std::uint64_t infinity = raw.size() == 2 ? 0x7C00 : raw.size() == 4 ? 0x7F800000 : 0x7FF0000000000000;
    const std::uint64_t mask = raw.size() == 8 ? ~0ull >> 1 : (1ull << (8 * raw.size() - 1)) - 1;
    if ((bits & mask) <= infinity) return raw;
    bytes made;
    put(made, raw.size() == 2 ? 0x7E00 : raw.size() == 4 ? 0x7FC00000 : 0x7FF8000000000000, static_cast<int>(raw.size()));
    return made;
}

/// What makes one value equal to another, as self-delimiting bytes.
inline void add_key(bytes &to, const field &of, const value &v) {
    const bool plain = of.index || (of.kind != "union" && of.kind != "run_end");
    if (!plain && of.kind == "run_end") return add_key(to, child(of, 1), v);
    if (!plain) {
        const int code = v.valid() ? v.code : of.codes.at(0);
        value hidden;
        hidden.is = value::form::hidden;
        to.push_back(static_cast<char>(code));
        return add_key(to, child(of, position(of, code)), v.valid() ? v.items.at(0) : hidden);
    }
    to.push_back(v.valid() && of.kind != "null");
    if (!v.valid() || of.kind == "null") return;
    if (v.is == value::form::raw) {
        const bytes raw = of.kind == "float" ? quiet(v.raw) : v.raw;
        put(to, raw.size(), 8);
        to += raw;
        return;
    }
    put(to, v.items.size(), 8);
    for (std::size_t i = 0; i < v.items.size(); i++) add_key(to, child(of, of.kind == "struct" ? i : 0), v.items[i]);
}

inline bytes key(const field &of, const value &v) {
    bytes made;
    add_key(made, of, v);
    return made;
}

/// What one RecordBatch message holds, in pre-order.
struct body {
    struct dictionary {
        std::int64_t id;
        std::int64_t count;
        std::vector<std::int64_t> nodes, variadic;
        std::vector<bytes> buffers;
    };

    std::vector<std::int64_t> nodes, variadic;
    std::vector<bytes> buffers;
    std::vector<dictionary> &dictionaries;
    std::int64_t &ids;

    void column(const field &of, const std::vector<value> &values) {
        if (!of.index && of.kind == "null") return add_node(values.size(), values.size());
        if (!of.index && of.kind == "union") return unions(of, values);
        if (!of.index && of.kind == "run_end") return runs(of, values);
        std::vector<bool> valid;
        std::size_t nulls = 0;
        for (const value &each : values) {
            if (!of.nullable && each.is == value::form::null)
                throw std::invalid_argument("field '" + of.name + "' is not nullable and holds a null");
            valid.push_back(each.valid());
            nulls += !each.valid();
        }
        add_node(values.size(), nulls);
        buffers.push_back(nulls ? bits(valid) : bytes());
        if (of.index) return encoded(of, values);
        if (of.kind == "bool") {
            for (std::size_t i = 0; i < values.size(); i++) valid[i] = valid[i] && values[i].raw.at(0);
            buffers.push_back(bits(valid));
        } else if (is_bytes(of.kind)) {
            is_view(of.kind) ? views(values) : texts(of, values);
        } else if (is_list(of.kind)) {
            lists(of, values);
        } else if (of.kind == "fixed_list") {
            nested(of, values, parameter(of, "size"));
        } else if (of.kind == "struct") {
            for (std::size_t j = 0; j < of.children.size(); j++) {
                std::vector<value> inner;
                for (const value &each : values) inner.push_back(each.valid() ? each.items.at(j) : hidden());
                column(of.children[j], inner);
            }
        } else {
            bytes data;
            const std::size_t size = width(of);
            for (const value &each : values) {
                if (each.valid() && each.raw.size() != size)
                    throw std::invalid_argument("field '" + of.name + "' has a value of another width");
                data += !each.valid() ? bytes(size, '\0') : of.kind == "float" ? quiet(each.raw) : each.raw;
            }
            buffers.push_back(data);
        }
    }

private:
    static value hidden() {
        value made;
        made.is = value::form::hidden;
        return made;
    }

    void add_node(std::size_t length, std::size_t nulls) {
        nodes.push_back(static_cast<std::int64_t>(length));
        nodes.push_back(static_cast<std::int64_t>(nulls));
    }

    static bytes bits(const std::vector<bool> &flags) {
        bytes out((flags.size() + 7) / 8, '\0');
        for (std::size_t i = 0; i < flags.size(); i++)
            if (flags[i]) out[i >> 3] = static_cast<char>(out[i >> 3] | 1 << (i & 7));
        return out;
    }

    void offsets(const std::vector<std::size_t> &sizes, bool large) {
        bytes out;
        std::uint64_t end = 0;
        put(out, 0, large ? 8 : 4);
        for (std::size_t size : sizes) put(out, end += size, large ? 8 : 4);
        if (!large && end > 0x7FFFFFFF) throw std::invalid_argument("a buffer or child is over 2^31 - 1");
        buffers.push_back(out);
    }

    void texts(const field &of, const std::vector<value> &values) {
        std::vector<std::size_t> sizes;
        bytes data;
        for (const value &each : values) {
            sizes.push_back(each.valid() ? each.raw.size() : 0);
            if (each.valid()) data += each.raw;
        }
        offsets(sizes, is_large(of.kind));
        buffers.push_back(data);
    }

    void views(const std::vector<value> &values) {
        bytes slots, data;
        for (const value &each : values) {
            bytes one;
            const bytes raw = each.valid() ? each.raw : bytes();
            put(one, raw.size(), 4);
            one += raw.size() <= 12 ? raw : raw.substr(0, 4);
            one.resize(16, '\0');
            if (raw.size() > 12) {
                set(one, 12, data.size(), 4);
                data += raw;
            }
            slots += one;
        }
        buffers.push_back(slots);
        variadic.push_back(data.empty() ? 0 : 1);
        if (!data.empty()) buffers.push_back(data);
    }

    void lists(const field &of, const std::vector<value> &values) {
        std::vector<std::size_t> sizes;
        for (const value &each : values) sizes.push_back(each.valid() ? each.items.size() : 0);
        const bool large = is_large(of.kind);
        if (is_view(of.kind)) {
            bytes starts, lengths;
            std::uint64_t at = 0;
            for (std::size_t size : sizes) {
                put(starts, at, large ? 8 : 4);
                put(lengths, size, large ? 8 : 4);
                at += size;
            }
            buffers.push_back(starts);
            buffers.push_back(lengths);
        } else {
            offsets(sizes, large);
        }
        nested(of, values, 0);
    }

    void nested(const field &of, const std::vector<value> &values, std::size_t under_null) {
        std::vector<value> inner;
        for (const value &each : values) {
            if (each.valid()) inner.insert(inner.end(), each.items.begin(), each.items.end());
            else inner.insert(inner.end(), under_null, hidden());
        }
        column(canonical_children(of)[0], inner);
    }

    void unions(const field &of, const std::vector<value> &values) {
        add_node(values.size(), 0);
        const bool dense = parameter(of, "mode") != 0;
        std::vector<std::vector<value>> children(of.codes.size());
        bytes codes, at;
        for (const value &each : values) {
            const int code = each.valid() ? each.code : of.codes.at(0);
            const std::size_t own = position(of, code);
            codes.push_back(static_cast<char>(code));
            put(at, children[own].size(), 4);
            for (std::size_t i = 0; i < children.size(); i++) {
                if (i == own) children[i].push_back(each.valid() ? each.items.at(0) : hidden());
                else if (!dense) children[i].push_back(hidden());
            }
        }
        buffers.push_back(codes);
        if (dense) buffers.push_back(at);
        for (std::size_t i = 0; i < children.size(); i++) column(child(of, i), children[i]);
    }

    void runs(const field &of, const std::vector<value> &values) {
        const std::vector<field> children = canonical_children(of);
        std::vector<value> ends, kept;
        const int size = static_cast<int>(width(children[0]));
        const auto end_at = [&](std::size_t row) {
            bytes raw;
            put(raw, row, size);
            ends.push_back(value::of(raw));
        };
        std::optional<bytes> last;
        for (std::size_t i = 0; i < values.size(); i++) {
            bytes mark = key(children[1], values[i]);
            if (last == mark) continue;
            if (last) end_at(i);
            kept.push_back(values[i]);
            last = std::move(mark);
        }
        if (!values.empty()) end_at(values.size());
        add_node(values.size(), 0);
        column(children[0], ends);
        column(children[1], kept);
    }

    void encoded(const field &of, const std::vector<value> &values) {
        const std::int64_t id = ids++;
        field plain = of;
        plain.index.reset();
        plain.nullable = true;
        std::map<bytes, std::size_t> place;
        std::vector<value> entries;
        for (const value &each : of.index->ordered ? of.entries : values) {
            if (each.valid() && place.emplace(key(plain, each), entries.size()).second) entries.push_back(each);
        }
        bytes data;
        for (const value &each : values) {
            if (each.valid() && !place.count(key(plain, each)))
                throw std::invalid_argument("field '" + of.name + "' has a value that is no entry");
            put(data, each.valid() ? place[key(plain, each)] : 0, of.index->bits / 8);
        }
        buffers.push_back(data);
        body inner{{}, {}, {}, dictionaries, ids};
        inner.column(plain, entries);
        dictionaries.push_back({id, static_cast<std::int64_t>(entries.size()), inner.nodes, inner.variadic, inner.buffers});
    }
};

template <class T> std::pair<emitter, bytes> record_batch(const T &of, std::int64_t rows) {
    std::vector<std::int64_t> layout;
    bytes raw;
    for (const bytes &buffer : of.buffers) {
        layout.push_back(static_cast<std::int64_t>(raw.size()));
        layout.push_back(static_cast<std::int64_t>(buffer.size()));
        raw += buffer;
        pad(raw, 64);
    }
    std::vector<slot> slots = {number(0, 8, rows), reference(1, numbers(of.nodes, 8, of.nodes.size() / 2)),
                               reference(2, numbers(layout, 8, layout.size() / 2))};
    if (!of.variadic.empty()) slots.push_back(reference(4, numbers(of.variadic, 8, of.variadic.size())));
    return {table(std::move(slots)), raw};
}

inline void add_message(bytes &out, int tag, emitter header, const bytes &content = {}) {
    bytes meta(4, '\0');
    const std::size_t root = table({number(0, 2, 4), number(1, 1, tag), reference(2, std::move(header)),
        number(3, 8, static_cast<std::int64_t>(content.size()))})(meta);
    set(meta, 0, root, 4);
    pad(meta, 64, 8);
    put(out, 0xFFFFFFFF, 4);
    put(out, meta.size(), 4);
    out += meta;
    out += content;
}

inline std::array<std::uint8_t, 32> sha256(const bytes &of) {
    static const std::uint32_t k[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
        0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
        0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
        0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
        0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
        0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
        0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
        0xc67178f2};
    std::uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    bytes data = of;
    data.push_back('\x80');
    pad(data, 64, 8);
    const std::uint64_t length = 8 * static_cast<std::uint64_t>(of.size());
    for (int i = 7; i >= 0; i--) data.push_back(static_cast<char>(length >> (8 * i)));
    const auto turn = [](std::uint32_t x, int by) { return x >> by | x << (32 - by); };
    for (std::size_t at = 0; at < data.size(); at += 64) {
        std::uint32_t w[64], v[8];
        for (int i = 0; i < 16; i++) {
            w[i] = 0;
            for (int j = 0; j < 4; j++) w[i] = w[i] << 8 | static_cast<unsigned char>(data[at + 4 * i + j]);
        }
        for (int i = 16; i < 64; i++) {
            const std::uint32_t a = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >> 3;
            const std::uint32_t b = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10;
            w[i] = w[i - 16] + a + w[i - 7] + b;
        }
        std::copy(h, h + 8, v);
        for (int i = 0; i < 64; i++) {
            const std::uint32_t e = turn(v[4], 6) ^ turn(v[4], 11) ^ turn(v[4], 25);
            const std::uint32_t one = v[7] + e + ((v[4] & v[5]) ^ (~v[4] & v[6])) + k[i] + w[i];
            const std::uint32_t a = turn(v[0], 2) ^ turn(v[0], 13) ^ turn(v[0], 22);
            const std::uint32_t two = a + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
            std::copy_backward(v, v + 7, v + 8);
            v[4] += one;
            v[0] = one + two;
        }
        for (int i = 0; i < 8; i++) h[i] += v[i];
    }
    std::array<std::uint8_t, 32> out{};
    for (int i = 0; i < 32; i++) out[i] = static_cast<std::uint8_t>(h[i / 4] >> (24 - 8 * (i % 4)));
    return out;
}

inline std::string cid_of(const std::array<std::uint8_t, 32> &digest) {
    bytes raw = {0x01, 0x55, 0x12, 0x20};
    for (std::uint8_t each : digest) raw.push_back(static_cast<char>(each));
    std::string out = "b";
    std::uint32_t held = 0;
    int bits = 0;
    for (char each : raw) {
        held = held << 8 | static_cast<unsigned char>(each);
        for (bits += 8; bits >= 5; bits -= 5) out += "abcdefghijklmnopqrstuvwxyz234567"[held >> (bits - 5) & 31];
        held &= (1u << bits) - 1;
    }
    if (bits) out += "abcdefghijklmnopqrstuvwxyz234567"[held << (5 - bits) & 31];
    return out;
}

inline void add_text(bytes &out, const std::string &of) {
    put(out, of.size(), 4);
    out += of;
}

inline std::string zone_of(const std::string &zone) {
    std::string lower = zone;
    for (char &each : lower)
        if (each >= 'A' && each <= 'Z') each = static_cast<char>(each + 32);
    if (lower == "z") return "UTC";
    const std::string name = lower.compare(0, 4, "etc/") == 0 ? lower.substr(4) : lower;
    for (const char *each : {"utc", "uct", "zulu", "universal", "gmt", "gmt0", "gmt+0", "gmt-0", "greenwich"})
        if (name == each) return "UTC";
    // Etc/Z is a name like any other.
    if (zone.empty() || (zone[0] != '+' && zone[0] != '-')) return zone;
    std::string digits = zone.size() == 6 && zone[3] == ':' ? zone.substr(1, 2) + zone.substr(4) : zone.substr(1);
    if (digits.size() != 2 && digits.size() != 4) return zone;
    if (!std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; })) return zone;
    digits.resize(4, '0');
    if (digits.substr(0, 2) > "23" || digits[2] > '5') return zone;
    return digits == "0000" ? "UTC" : zone.substr(0, 1) + digits.substr(0, 2) + ":" + digits.substr(2);
}

inline std::string folded(const std::string &kind) {
    if (is_bytes(kind)) return kind.find("utf8") != std::string::npos ? "utf8" : "binary";
    return is_list(kind) && kind != "map" ? "list" : kind;
}

inline void add_type(bytes &out, const field &of) {
    const std::string type = folded(of.kind);
    if (type == "run_end") return add_type(out, child(of, 1));
    out.push_back(static_cast<char>(kind(type).tag));
    if (type == "int") {
        put(out, parameter(of, "bits"), 1);
        put(out, parameter(of, "signed"), 1);
    } else if (type == "float") {
        put(out, parameter(of, "precision"), 1);
    } else if (type == "decimal") {
        put(out, parameter(of, "precision"), 4);
        put(out, static_cast<std::uint64_t>(parameter(of, "scale")), 4);
    } else if (type == "date" || type == "time" || type == "interval" || type == "duration" || type == "timestamp") {
        put(out, parameter(of, "unit"), 1);
        if (type == "timestamp") add_text(out, zone_of(of.zone));
    } else if (type == "list") {
        add_type(out, child(of, 0));
    } else if (type == "map") {
        for (const field &each : child(of, 0).children) add_type(out, each);
    } else if (type == "fixed_binary") {
        put(out, parameter(of, "width"), 4);
    } else if (type == "fixed_list") {
        put(out, parameter(of, "size"), 4);
        add_type(out, child(of, 0));
    } else if (type == "struct" || type == "union") {
        put(out, of.children.size(), 4);
        for (std::size_t i = 0; i < of.children.size(); i++) {
            if (type == "union") out.push_back(static_cast<char>(of.codes.at(i)));
            add_text(out, of.children[i].name);
            add_type(out, of.children[i]);
        }
    }
}

inline void add_value(bytes &out, const field &of, const value &v) {
    const std::string type = folded(of.kind);
    if (type == "run_end") return add_value(out, child(of, 1), v);
    out.push_back(v.valid() && type != "null");
    if (!v.valid() || type == "null") return;
    if (type == "float") {
        bytes raw = quiet(v.raw);
        bytes zero(raw.size(), '\0');
        bytes negative = zero;
        negative.back() = '\x80';
        out += raw == negative ? zero : raw;
    } else if (type == "decimal") {
        out += v.raw;
        out.append(32 - v.raw.size(), v.raw.back() & 0x80 ? '\xff' : '\0');
    } else if (type == "utf8" || type == "binary") {
        add_text(out, v.raw);
    } else if (type == "list" || type == "map") {
        put(out, v.items.size(), 4);
        for (const value &each : v.items) {
            if (type == "list") add_value(out, child(of, 0), each);
            else for (std::size_t i = 0; i < 2; i++) add_value(out, child(child(of, 0), i), each.items.at(i));
        }
    } else if (type == "fixed_list") {
        for (const value &each : v.items) add_value(out, child(of, 0), each);
    } else if (type == "struct") {
        for (std::size_t i = 0; i < v.items.size(); i++) add_value(out, child(of, i), v.items[i]);
    } else if (type == "union") {
        out.push_back(static_cast<char>(v.code));
        add_value(out, child(of, position(of, v.code)), v.items.at(0));
    } else {
        out += v.raw;
    }
}

} // namespace detail

/// The canonical block of a batch.
inline bytes encode(const batch &of) {
    bytes out;
    std::int64_t ids = 0;
    std::vector<detail::emitter> fields;
    for (const field &each : of.fields) fields.push_back(detail::field_table(each, ids));
    std::vector<detail::slot> schema = {detail::number(0, 2, 0), detail::reference(1, detail::tables(std::move(fields)))};
    detail::add_key_values(schema, of.metadata, 2);
    detail::add_message(out, 1, detail::table(std::move(schema)));
    std::vector<detail::body::dictionary> dictionaries;
    ids = 0;
    detail::body body{{}, {}, {}, dictionaries, ids};
    for (std::size_t i = 0; i < of.fields.size(); i++) body.column(of.fields[i], of.columns.at(i));
    for (const auto &each : dictionaries) {
        auto [data, raw] = detail::record_batch(each, each.count);
        detail::add_message(out, 2, detail::table({detail::number(0, 8, each.id), detail::reference(1, data),
            detail::number(2, 1, 0)}), raw);
    }
    auto [data, raw] = detail::record_batch(body, of.rows);
    detail::add_message(out, 3, data, raw);
    detail::put(out, 0xFFFFFFFF, 8);
    return out;
}

/// The CID of a block: CIDv1, codec raw, sha2-256, in base32.
inline std::string cid(const bytes &block) { return detail::cid_of(detail::sha256(block)); }

/// The logical fingerprint of batches with the same fields, and the column CIDs.
inline std::pair<std::string, std::vector<std::string>> fingerprint(const std::vector<batch> &batches) {
    if (batches.empty()) throw std::invalid_argument("there is no batch");
    const std::vector<field> &fields = batches[0].fields;
    std::int64_t rows = 0;
    for (const batch &each : batches) rows += each.rows;
    bytes whole = "lfp1";
    std::vector<std::string> cids;
    detail::put(whole, fields.size(), 4);
    detail::put(whole, static_cast<std::uint64_t>(rows), 8);
    for (std::size_t i = 0; i < fields.size(); i++) {
        bytes column;
        detail::add_type(column, fields[i]);
        for (const batch &each : batches)
            for (const value &v : each.columns.at(i)) detail::add_value(column, fields[i], v);
        const auto digest = detail::sha256(column);
        detail::add_text(whole, fields[i].name);
        whole.append(digest.begin(), digest.end());
        cids.push_back(detail::cid_of(digest));
    }
    std::string text = "lfp1-";
    for (std::uint8_t each : detail::sha256(whole)) {
        text += "0123456789abcdef"[each >> 4];
        text += "0123456789abcdef"[each & 15];
    }
    return {text, cids};
}

} // namespace arrowcid::canonical

#endif
