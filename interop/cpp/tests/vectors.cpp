// Computes every CID and fingerprint of interop/vectors/blocks.json with arrowcid_canonical.hpp.
#include "../arrowcid_canonical.hpp"

#include <cstdio>
#include <fstream>
#include <iterator>

namespace ac = arrowcid::canonical;

// As much of JSON as the vectors need.
struct json {
    enum class kind { null, boolean, number, text, list, object } is = kind::null;
    std::int64_t number = 0;
    std::string text;
    std::vector<json> items;
    std::map<std::string, json> members;

    const json &operator[](const std::string &name) const {
        static const json nothing;
        const auto found = members.find(name);
        return found == members.end() ? nothing : found->second;
    }
};

class reader {
    const std::string &_text;
    std::size_t _at = 0;

    char next() {
        while (_at < _text.size() && (_text[_at] == ' ' || _text[_at] == '\n')) _at++;
        return _text.at(_at);
    }

    bool takes(char each) {
        if (next() != each) return false;
        _at++;
        return true;
    }

    std::string string() {
        std::string out;
        for (_at++; _text.at(_at) != '"'; _at++) {
            if (_text[_at] != '\\') {
                out += _text[_at];
                continue;
            }
            const char escaped = _text.at(++_at);
            if (escaped == 'u') {
                const unsigned long code = std::stoul(_text.substr(_at + 1, 4), nullptr, 16);
                if (code > 0x7f) throw std::runtime_error("an escape beyond ASCII");
                out += static_cast<char>(code);
                _at += 4;
            } else {
                out += escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped == 'r' ? '\r' : escaped == 'b' ? '\b'
                    : escaped == 'f' ? '\f' : escaped;
            }
        }
        _at++;
        return out;
    }

public:
    explicit reader(const std::string &text) : _text(text) {}

    json read() {
        json made;
        const char first = next();
        if (first == '"') {
            made.is = json::kind::text;
            made.text = string();
        } else if (first == '[') {
            made.is = json::kind::list;
            for (_at++; !takes(']'); (void)takes(',')) made.items.push_back(read());
        } else if (first == '{') {
            made.is = json::kind::object;
            for (_at++; !takes('}'); (void)takes(',')) {
                (void)next();
                const std::string name = string();
                if (!takes(':')) throw std::runtime_error("a colon is missing");
                made.members[name] = read();
            }
        } else if (first == 't' || first == 'f') {
            made.is = json::kind::boolean;
            made.number = first == 't';
            _at += first == 't' ? 4 : 5;
        } else if (first == 'n') {
            _at += 4;
        } else {
            made.is = json::kind::number;
            std::size_t used = 0;
            made.number = std::stoll(_text.substr(_at, 24), &used);
            _at += used;
        }
        return made;
    }
};

static std::string unhex(const std::string &text) {
    std::string out;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2)
        out += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
    return out;
}

static ac::value value_of(const ac::field &field, const json &data) {
    const std::string &kind = field.kind;
    if (data.is == json::kind::null) return {};
    if (kind == "run_end") return value_of(field.children.at(1), data);
    if (kind == "union") {
        const int code = static_cast<int>(data.items.at(0).number);
        const std::size_t at = ac::detail::position(field, code);
        return ac::value::list({value_of(field.children.at(at), data.items.at(1))}, code);
    }
    if (data.is == json::kind::list) {
        std::vector<ac::value> items;
        for (std::size_t i = 0; i < data.items.size(); i++)
            items.push_back(value_of(field.children.at(kind == "struct" ? i : 0), data.items[i]));
        return ac::value::list(std::move(items));
    }
    if (data.is == json::kind::boolean) return ac::value::of(std::string(1, static_cast<char>(data.number)));
    return ac::value::of(kind.find("utf8") != std::string::npos ? data.text : unhex(data.text));
}

static ac::field field_of(const json &data) {
    ac::field field(data["name"].text, data["kind"].text);
    field.nullable = data["nullable"].number != 0;
    for (const auto &[name, of] : data["p"].members) {
        if (name == "zone") field.zone = of.text;
        else if (name == "codes") for (const json &code : of.items) field.codes.push_back(static_cast<int>(code.number));
        else field.p[name] = of.number;
    }
    for (const json &child : data["children"].items) field.children.push_back(field_of(child));
    for (const json &pair : data["metadata"].items) field.metadata.emplace_back(pair.items.at(0).text, pair.items.at(1).text);
    for (const json &entry : data["entries"].items) field.entries.push_back(value_of(field, entry));
    const json &index = data["index"];
    if (index.is == json::kind::object)
        field.index = ac::dictionary_index{static_cast<int>(index["bits"].number), index["signed"].number != 0, index["ordered"].number != 0};
    return field;
}

int main(int count, char **arguments) {
    if (count != 2) return 2;
    std::ifstream file(arguments[1], std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const json all = reader(text).read();
    int wrong = 0;
    for (const json &vector : all["vectors"].items) {
        ac::batch batch;
        for (const json &field : vector["fields"].items) batch.fields.push_back(field_of(field));
        for (std::size_t i = 0; i < batch.fields.size(); i++) {
            batch.columns.emplace_back();
            for (const json &each : vector["columns"].items.at(i).items)
                batch.columns.back().push_back(value_of(batch.fields[i], each));
        }
        for (const json &pair : vector["metadata"].items) batch.metadata.emplace_back(pair.items.at(0).text, pair.items.at(1).text);
        batch.rows = vector["rows"].number;
        const std::string block = ac::encode(batch);
        const auto [made, columns] = ac::fingerprint({batch});
        bool same = ac::cid(block) == vector["cid"].text && static_cast<std::int64_t>(block.size()) == vector["bytes"].number
            && made == vector["lfp1"].text && columns.size() == vector["columnCids"].items.size();
        for (std::size_t i = 0; same && i < columns.size(); i++) same = columns[i] == vector["columnCids"].items[i].text;
        if (same) continue;
        std::printf("%s: %s %s\n", vector["name"].text.c_str(), ac::cid(block).c_str(), made.c_str());
        wrong++;
    }
    std::printf("c++: %zu vectors, %d differences\n", all["vectors"].items.size(), wrong);
    return wrong ? 1 : 0;
}
