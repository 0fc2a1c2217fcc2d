// Keys of cached results for C++17: a call is one block of dag-cbor, and its CID is the key
// (src/ArrowCid/Store/Memos/CALLS.md). Nothing here calls libarrowcid: the same arguments give the same key in every
// language. arrowcid_memo_get and its neighbors in arrowcid.h take the block.
//
//   arrowcid::call call("features", "2");
//   call.add("day", "2026-11-20").add("n", 5).add_input("trades", batch_cid_bytes);
//   std::string key = call.cid();
#ifndef ARROWCID_CALL_HPP
#define ARROWCID_CALL_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace arrowcid {

// An argument that is no data, or a name that is not allowed; what() names it.
class call_error : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

namespace call_detail {

inline std::string head(unsigned major, std::uint64_t number) {
  std::string out;
  int size = number < 24 ? 0 : number <= 0xff ? 1 : number <= 0xffff ? 2 : number <= 0xffffffff ? 4 : 8;
  unsigned more = size == 0 ? static_cast<unsigned>(number) : size == 1 ? 24 : size == 2 ? 25 : size == 4 ? 26 : 27;
  out.push_back(static_cast<char>(major | more));
  for (int at = size - 1; at >= 0; at--) out.push_back(static_cast<char>(number >> (8 * at)));
  return out;
}

// Whether bytes are UTF-8 without halves of surrogate pairs.
inline bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    unsigned lead = static_cast<unsigned char>(text[at]);
    std::size_t size = lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3
        : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
    if (size == 0 || at + size > text.size()) return false;
    std::uint32_t point = size == 1 ? lead : lead & (0x7fu >> size);
    for (std::size_t i = 1; i < size; i++) {
      unsigned next = static_cast<unsigned char>(text[at + i]);
      if ((next & 0xc0) != 0x80) return false;
      point = (point << 6) | (next & 0x3f);
    }
    bool is_short = (size == 3 && point < 0x800) || (size == 4 && point < 0x10000);
    if (is_short || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return false;
    at += size;
  }
  return true;
}

inline std::string text_item(std::string_view text) { return head(0x60, text.size()).append(text); }

inline std::string bytes_item(std::string_view bytes) { return head(0x40, bytes.size()).append(bytes); }

using pairs = std::vector<std::pair<std::string, std::string>>;

// A map of encoded values: shorter keys come first.
inline std::string map_item(pairs each) {
  std::sort(each.begin(), each.end(), [](const auto &one, const auto &other) {
    return one.first.size() != other.first.size() ? one.first.size() < other.first.size() : one.first < other.first;
  });
  std::string out = head(0xa0, each.size());
  for (const auto &[key, value] : each) out.append(text_item(key)).append(value);
  return out;
}

inline std::array<std::uint8_t, 32> sha256(std::string_view message) {
  static constexpr std::array<std::uint32_t, 64> k = {
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
      0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
      0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
      0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
      0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
      0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
      0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
      0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
  std::array<std::uint32_t, 8> h = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::string padded(message);
  padded.push_back(static_cast<char>(0x80));
  while (padded.size() % 64 != 56) padded.push_back('\0');
  std::uint64_t bits = static_cast<std::uint64_t>(message.size()) * 8;
  for (int at = 7; at >= 0; at--) padded.push_back(static_cast<char>(bits >> (8 * at)));
  auto turn = [](std::uint32_t x, int n) { return (x >> n) | (x << (32 - n)); };
  for (std::size_t at = 0; at < padded.size(); at += 64) {
    std::array<std::uint32_t, 64> w{};
    for (std::size_t i = 0; i < 64; i++) {
      if (i < 16) {
        for (std::size_t b = 0; b < 4; b++) w[i] = (w[i] << 8) | static_cast<unsigned char>(padded[at + 4 * i + b]);
        continue;
      }
      std::uint32_t s0 = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >> 3);
      std::uint32_t s1 = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >> 10);
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    std::array<std::uint32_t, 8> v = h;
    for (std::size_t i = 0; i < 64; i++) {
      std::uint32_t s1 = turn(v[4], 6) ^ turn(v[4], 11) ^ turn(v[4], 25);
      std::uint32_t one = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + k[i] + w[i];
      std::uint32_t s0 = turn(v[0], 2) ^ turn(v[0], 13) ^ turn(v[0], 22);
      std::uint32_t two = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
      v = {one + two, v[0], v[1], v[2], v[3] + one, v[4], v[5], v[6]};
    }
    for (std::size_t i = 0; i < 8; i++) h[i] += v[i];
  }
  std::array<std::uint8_t, 32> out{};
  for (std::size_t i = 0; i < 32; i++) out[i] = static_cast<std::uint8_t>(h[i / 4] >> (24 - 8 * (i % 4)));
  return out;
}

}  // namespace call_detail

// A value of an argument: null, a boolean, a number, text, or what bytes(), list() and map() give.
class call_value {
 public:
  call_value(std::nullptr_t) : item_("\xf6") {}
  call_value(bool value) : item_(value ? "\xf5" : "\xf4") {}
  call_value(int value) : call_value(static_cast<long long>(value)) {}
  call_value(long value) : call_value(static_cast<long long>(value)) {}
  call_value(long long value)
      : item_(value < 0 ? call_detail::head(0x20, ~static_cast<std::uint64_t>(value))
                        : call_detail::head(0, static_cast<std::uint64_t>(value))) {}
  call_value(unsigned long value) : item_(call_detail::head(0, value)) {}
  call_value(unsigned long long value) : item_(call_detail::head(0, value)) {}
  call_value(double value) {
    // A whole number is an integer, so that languages with one kind of number give the same key.
    if (!std::isfinite(value)) throw call_error("is not a finite number");
    if (std::fabs(value) <= 9007199254740991.0 && std::trunc(value) == value) {
      *this = call_value(static_cast<long long>(value));
      return;
    }
    std::uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    item_.push_back(static_cast<char>(0xfb));
    for (int at = 7; at >= 0; at--) item_.push_back(static_cast<char>(bits >> (8 * at)));
  }
  call_value(const char *text) : call_value(std::string_view(text)) {}
  call_value(const std::string &text) : call_value(std::string_view(text)) {}
  call_value(std::string_view text) : item_(call_detail::text_item(text)) {
    if (!call_detail::is_utf8(text)) throw call_error("is a text that is not UTF-8");
  }

  static call_value bytes(std::string_view bytes) { return made(call_detail::bytes_item(bytes)); }

  // -1 - argument: what no signed type of C++ holds.
  static call_value negative(std::uint64_t argument) { return made(call_detail::head(0x20, argument)); }

  static call_value list(const std::vector<call_value> &items) {
    std::string out = call_detail::head(0x80, items.size());
    for (const call_value &item : items) out.append(item.item_);
    return made(std::move(out));
  }

  static call_value map(const std::vector<std::pair<std::string, call_value>> &entries) {
    call_detail::pairs each;
    for (const auto &[key, value] : entries) {
      if (!call_detail::is_utf8(key)) throw call_error("has a key that is not UTF-8");
      each.emplace_back(key, value.item_);
    }
    return made(call_detail::map_item(std::move(each)));
  }

  const std::string &item() const { return item_; }

 private:
  call_value() = default;
  static call_value made(std::string item) {
    call_value out;
    out.item_ = std::move(item);
    return out;
  }

  std::string item_;
};

// A call: a function, its version and its arguments.
class call {
 public:
  explicit call(std::string function, std::string version = "")
      : function_(checked("the name of a function", std::move(function))),
        version_(version.empty() ? version : checked("the version of a function", std::move(version))) {}

  // An argument that is a value.
  call &add(const std::string &name, const call_value &value) { return put(params_, name, value.item()); }

  // An argument that is a block, by the bytes of its CID.
  call &add_input(const std::string &name, std::string_view cid) {
    return put(inputs_, name, call_detail::bytes_item(cid));
  }

  // A variable of the environment on which the result depends; NULL where it is not set.
  call &add_env(const std::string &name, const char *value) {
    return put(env_, name, value == nullptr ? "\xf6" : call_value(value).item());
  }

  // The block: what arrowcid_memo_begin takes.
  std::string block() const {
    using namespace call_detail;
    std::string out = map_item({{"v", head(0, 1)},
                                {"kind", text_item("arrowcid/call")},
                                {"fn", text_item(function_)},
                                {"version", text_item(version_)},
                                {"params", map_item(params_)},
                                {"inputs", map_item(inputs_)},
                                {"env", map_item(env_)}});
    if (out.size() > std::size_t{1} << 20) throw call_error("the arguments take over 1 MiB; pass large ones as blocks");
    return out;
  }

  // The key as text.
  std::string cid() const {
    std::array<std::uint8_t, 32> digest = call_detail::sha256(block());
    std::string bytes("\x01\x71\x12\x20");
    bytes.append(reinterpret_cast<const char *>(digest.data()), digest.size());
    std::string out = "b";
    unsigned held = 0;
    int bits = 0;
    for (unsigned char byte : bytes) {
      held = (held << 8) | byte;
      for (bits += 8; bits >= 5; bits -= 5) out.push_back("abcdefghijklmnopqrstuvwxyz234567"[(held >> (bits - 5)) & 31]);
      held &= 31;
    }
    if (bits > 0) out.push_back("abcdefghijklmnopqrstuvwxyz234567"[(held << (5 - bits)) & 31]);
    return out;
  }

 private:
  static std::string checked(const char *what, std::string name) {
    if (!name.empty() && name.size() <= 1024 && call_detail::is_utf8(name)) return name;
    throw call_error(std::string(what) + " is 1 to 1024 bytes of UTF-8");
  }

  call &put(call_detail::pairs &to, const std::string &name, const std::string &item) {
    for (const call_detail::pairs *each : {&params_, &inputs_}) {
      for (const auto &[known, value] : *each) {
        if (&to != &env_ && known == name) throw call_error("the argument '" + name + "' is given twice");
      }
    }
    to.emplace_back(checked("the name of an argument", name), item);
    return *this;
  }

  std::string function_, version_;
  call_detail::pairs params_, inputs_, env_;
};

}  // namespace arrowcid

#endif
