// Reads calls.json (the first argument) and computes every key from its arguments with arrowcid_call.hpp; then stores and
// finds a result by one of them through libarrowcid, in a store (the second argument).
#include <cstdio>
#include <fstream>
#include <iterator>

#include "arrowcid.h"
#include "arrowcid_call.hpp"

namespace {

// JSON as far as the vectors go.
struct json {
  enum { null, boolean, number, text, list, map } kind = null;
  bool flag = false;
  std::string word;
  std::vector<json> items;
  std::vector<std::pair<std::string, json>> members;

  const json &at(const std::string &key) const {
    for (const auto &[name, value] : members)
      if (name == key) return value;
    throw std::runtime_error("no member " + key);
  }
};

struct reader {
  std::string text;
  std::size_t at = 0;

  char next() {
    while (text[at] == ' ' || text[at] == '\n') at++;
    return text[at];
  }

  std::string word() {
    std::string out;
    for (at++; text[at] != '"'; at++) {
      if (text[at] != '\\') {
        out.push_back(text[at]);
        continue;
      }
      char code = text[++at];
      if (code == 'u') throw std::runtime_error("escapes by number are not read");
      out.push_back(code == 'n' ? '\n' : code == 't' ? '\t' : code);
    }
    at++;
    return out;
  }

  json value() {
    json out;
    switch (next()) {
      case '{':
        out.kind = json::map;
        for (at++; next() != '}';) {
          if (next() == ',') at++;
          next();
          std::string key = word();
          next();
          at++;
          out.members.emplace_back(key, value());
        }
        at++;
        return out;
      case '[':
        out.kind = json::list;
        for (at++; next() != ']';) {
          if (next() == ',') at++;
          out.items.push_back(value());
        }
        at++;
        return out;
      case '"':
        out.kind = json::text;
        out.word = word();
        return out;
      default: {
        std::size_t end = text.find_first_of(" ,]}\n", at);
        out.word = text.substr(at, end - at);
        at = end;
        out.kind = out.word == "null" ? json::null : out.word == "true" || out.word == "false" ? json::boolean : json::number;
        out.flag = out.word == "true";
        return out;
      }
    }
  }
};

arrowcid::call_value integer(const std::string &word) {
  if (word[0] != '-') return std::stoull(word);
  // -1 - n, also of the least that 64 bits and a sign hold.
  if (word == "-18446744073709551616") return arrowcid::call_value::negative(~std::uint64_t{0});
  return arrowcid::call_value::negative(std::stoull(word.substr(1)) - 1);
}

arrowcid::call_value number(const std::string &word) {
  return word.find_first_of(".e") == std::string::npos ? integer(word) : arrowcid::call_value(std::strtod(word.c_str(), nullptr));
}

arrowcid::call_value value_of(const json &value) {
  switch (value.kind) {
    case json::null: return nullptr;
    case json::boolean: return value.flag;
    case json::number: return number(value.word);
    case json::text: return value.word;
    case json::list: {
      std::vector<arrowcid::call_value> items;
      for (const json &item : value.items) items.push_back(value_of(item));
      return arrowcid::call_value::list(items);
    }
    default: break;
  }
  if (value.members.size() == 1 && value.members[0].first[0] == '$') {
    const auto &[type, text] = value.members[0];
    if (type == "$int") return integer(text.word);
    if (type == "$float") return std::strtod(text.word.c_str(), nullptr);
    if (type == "$date") return text.word;
    if (type == "$time") {
      // Without trailing zeros of the fraction.
      std::string time = text.word.substr(0, text.word.size() - 1);
      if (time.find('.') != std::string::npos) time.erase(time.find_last_not_of("0.") + 1);
      return time + "Z";
    }
    std::string bytes;
    for (std::size_t i = 0; i < text.word.size(); i += 2)
      bytes.push_back(static_cast<char>(std::stoi(text.word.substr(i, 2), nullptr, 16)));
    return arrowcid::call_value::bytes(bytes);
  }
  std::vector<std::pair<std::string, arrowcid::call_value>> entries;
  for (const auto &[key, item] : value.members) entries.emplace_back(key, value_of(item));
  return arrowcid::call_value::map(entries);
}

std::string bytes_of_cid(const std::string &text) {
  std::string out;
  unsigned held = 0;
  int bits = 0;
  for (char letter : text.substr(1)) {
    held = (held << 5) | static_cast<unsigned>(std::string("abcdefghijklmnopqrstuvwxyz234567").find(letter));
    if ((bits += 5) < 8) continue;
    bits -= 8;
    out.push_back(static_cast<char>(held >> bits));
    held &= (1u << bits) - 1;
  }
  return out;
}

int fail(const char *what, const arrowcid_error &error) {
  std::fprintf(stderr, "%s: %d %s\n", what, error.code, error.message);
  return 1;
}

// A result that is stored by the block of a call is found by it, and its right is given once.
int store_and_find(const char *directory, const std::string &block) {
  const auto *call = reinterpret_cast<const std::uint8_t *>(block.data());
  const auto length = static_cast<std::int64_t>(block.size());
  arrowcid_error error{};
  arrowcid_handle store = 0, work = 0, other = 0;
  arrowcid_result result{};
  arrowcid_block put{};
  static const std::uint8_t value[] = "a value";
  if (arrowcid_open(directory, nullptr, &store, &error) != 0) return fail("open", error);
  if (arrowcid_memo_get(store, call, length, &result, &error) != ARROWCID_NOTHING) return fail("get of nothing", error);
  if (arrowcid_memo_begin(store, call, length, 0, &work, &result, &error) != 0 || work <= 0) return fail("begin", error);
  if (arrowcid_memo_begin(store, call, length, 0, &other, &result, &error) != ARROWCID_BUSY) return fail("second", error);
  if (arrowcid_put_raw(store, value, 7, nullptr, &put, &error) != 0) return fail("put", error);
  if (arrowcid_memo_set(work, &put.cid, 60000, &put.cid, 1, "bytes", &error) != 0) return fail("set", error);
  if (arrowcid_memo_release(work, &error) != ARROWCID_INVALID_ARGUMENT) return fail("release of an ended work", error);
  if (arrowcid_memo_begin(store, call, length, -1, &work, &result, &error) != 0 || work != 0) return fail("again", error);
  if (std::memcmp(result.value.bytes, put.cid.bytes, 36) != 0 || std::strcmp(result.form, "bytes") != 0 ||
      result.expires_ns <= 0 || result.took_ns < 0)
    return fail("the result", error);
  std::int64_t removed = 0;
  if (arrowcid_memo_remove(store, call, length, 0, &removed, &error) != 0 || removed != 1) return fail("remove", error);
  if (arrowcid_memo_begin(store, call, length, 0, &work, &result, &error) != 0 || work <= 0) return fail("after", error);
  if (arrowcid_memo_release(work, &error) != 0) return fail("release", error);
  if (arrowcid_memo_begin(store, call, length, 0, &work, nullptr, &error) != ARROWCID_INVALID_ARGUMENT ||
      arrowcid_memo_get(store, nullptr, length, &result, &error) != ARROWCID_INVALID_ARGUMENT ||
      arrowcid_memo_set(work, nullptr, 0, nullptr, 0, nullptr, &error) != ARROWCID_INVALID_ARGUMENT)
    return fail("NULL", error);
  if (arrowcid_memo_begin(store, call, 1, 0, &work, &result, &error) != ARROWCID_INVALID_DATA) return fail("no call", error);
  return arrowcid_close(store, &error) == 0 ? 0 : fail("close", error);
}

}  // namespace

int main(int count, char **arguments) {
  if (count != 3) return 2;
  std::ifstream file(arguments[1]);
  reader input{std::string(std::istreambuf_iterator<char>(file), {})};
  const json vectors = input.value();
  int right = 0;
  std::string last;
  for (const json &vector : vectors.at("calls").items) {
    arrowcid::call call(vector.at("fn").word, vector.at("version").word);
    for (const auto &[name, value] : vector.at("params").members) call.add(name, value_of(value));
    for (const auto &[name, value] : vector.at("inputs").members) call.add_input(name, bytes_of_cid(value.word));
    for (const auto &[name, value] : vector.at("env").members)
      call.add_env(name, value.kind == json::null ? nullptr : value.word.c_str());
    last = call.block();
    if (call.cid() == vector.at("cid").word) right++;
    else std::fprintf(stderr, "%s: %s\n", vector.at("name").word.c_str(), call.cid().c_str());
  }
  for (const std::string &wrong : {std::string("half \xed\xa0\x80"), std::string("\xff")}) {
    try {
      arrowcid::call("f").add("x", wrong);
      std::fprintf(stderr, "a text that is not UTF-8 was taken\n");
      return 1;
    } catch (const arrowcid::call_error &) {
    }
  }
  std::printf("%d keys\n", right);
  if (right != static_cast<int>(vectors.at("calls").items.size())) return 1;
  return store_and_find(arguments[2], last);
}
