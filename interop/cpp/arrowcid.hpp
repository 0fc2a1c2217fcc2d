/*
 * libarrowcid for C++17, header-only over arrowcid.h: handles that close themselves, and exceptions.
 *
 * What is absent is std::nullopt; every other failure throws arrowcid::Error. A Store may be used by any thread at
 * once, a Reservation or Watch by one at a time. Objects are moved, not copied; what was moved from is empty. What a
 * Lease or Array holds stays readable after its Store is gone.
 */
#ifndef ARROWCID_HPP
#define ARROWCID_HPP

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arrowcid.h"

namespace arrowcid {

/* A failure: its code is an ARROWCID_ number of arrowcid.h. */
class Error : public std::runtime_error {
 public:
  Error(std::int32_t code, const char *message) : std::runtime_error(message), code_(code) {}

  std::int32_t code() const noexcept { return code_; }
  /* "BLOCK_CORRUPT" and so on. */
  const char *name() const noexcept { return arrowcid_error_name(code_); }

 private:
  std::int32_t code_;
};

namespace detail {

/* Calls a function of arrowcid.h, whose last argument is the error; gives what it returned if that is no failure, or
   the one that the caller expects. */
template <class Function, class... Arguments>
std::int32_t call_expecting(std::int32_t expected, Function function, Arguments... arguments) {
  arrowcid_error error;
  std::int32_t code = function(arguments..., &error);
  if (code > ARROWCID_OK && code != expected) throw Error(code, error.message);
  return code;
}

template <class Function, class... Arguments>
std::int32_t call(Function function, Arguments... arguments) {
  return call_expecting(ARROWCID_OK, function, arguments...);
}

/* A text of which the library says how long it is. */
template <class Function, class... Arguments>
std::string text(Function function, Arguments... arguments) {
  std::string buffer(512, '\0');
  for (;;) {
    std::int64_t needed = 0;
    std::int32_t code = call_expecting(ARROWCID_TOO_LARGE, function, arguments..., &buffer[0],
                                       static_cast<std::int64_t>(buffer.size()), &needed);
    if (code == ARROWCID_OK) {
      buffer.resize(static_cast<std::size_t>(needed - 1));
      return buffer;
    }
    buffer.resize(static_cast<std::size_t>(needed));
  }
}

inline const char *or_null(const std::string &text) { return text.empty() ? nullptr : text.c_str(); }

/* A JSON string. */
inline std::string quoted(const std::string &text) {
  static constexpr char hex[] = "0123456789abcdef";
  std::string json = "\"";
  for (char character : text) {
    if (character == '"' || character == '\\')
      json += '\\';
    if (static_cast<unsigned char>(character) >= ' ')
      json += character;
    else
      json += std::string("\\u00") + hex[(character >> 4) & 15] + hex[character & 15];
  }
  return json + '"';
}

/* A handle that ends with its owner. */
template <std::int32_t (*End)(arrowcid_handle, arrowcid_error *)>
class Handle {
 public:
  Handle() = default;
  explicit Handle(arrowcid_handle number) noexcept : number_(number) {}
  Handle(Handle &&other) noexcept : number_(std::exchange(other.number_, 0)) {}
  Handle &operator=(Handle &&other) noexcept {
    if (this != &other) {
      end();
      number_ = std::exchange(other.number_, 0);
    }
    return *this;
  }
  ~Handle() { end(); }

  arrowcid_handle number() const noexcept { return number_; }
  arrowcid_handle release() noexcept { return std::exchange(number_, 0); }

 private:
  void end() noexcept {
    if (number_ != 0) (void)End(number_, nullptr);
    number_ = 0;
  }

  arrowcid_handle number_ = 0;
};

/* A struct of the C Data Interface that is released with its owner. */
template <class Struct>
class Owned {
 public:
  Owned() noexcept { std::memset(&value_, 0, sizeof value_); }
  Owned(Owned &&other) noexcept : value_(other.value_) { other.value_.release = nullptr; }
  Owned &operator=(Owned &&other) noexcept {
    if (this != &other) {
      end();
      value_ = other.value_;
      other.value_.release = nullptr;
    }
    return *this;
  }
  ~Owned() { end(); }

  Struct *get() noexcept { return &value_; }
  const Struct *get() const noexcept { return &value_; }
  Struct *operator->() noexcept { return &value_; }
  const Struct *operator->() const noexcept { return &value_; }
  explicit operator bool() const noexcept { return value_.release != nullptr; }
  /* Hands the struct on, to an importer: who takes it releases it. */
  void move_to(Struct *target) noexcept {
    *target = value_;
    value_.release = nullptr;
  }

 private:
  void end() noexcept {
    if (value_.release != nullptr) value_.release(&value_);
  }

  Struct value_;
};

}  // namespace detail

using Schema = detail::Owned<ArrowSchema>;
using Array = detail::Owned<ArrowArray>;
using Stream = detail::Owned<ArrowArrayStream>;

/* Bytes owned elsewhere. */
struct Bytes {
  const std::uint8_t *data = nullptr;
  std::size_t size = 0;

  Bytes() = default;
  Bytes(const void *start, std::size_t length) : data(static_cast<const std::uint8_t *>(start)), size(length) {}
  Bytes(std::string_view text) : Bytes(text.data(), text.size()) {}
  Bytes(const std::string &text) : Bytes(text.data(), text.size()) {}
  Bytes(const char *text) : Bytes(std::string_view(text)) {}
  Bytes(const std::vector<std::uint8_t> &bytes) : Bytes(bytes.data(), bytes.size()) {}

  std::string_view view() const noexcept { return {reinterpret_cast<const char *>(data), size}; }
  const std::uint8_t *begin() const noexcept { return data; }
  const std::uint8_t *end() const noexcept { return data + size; }
};

/* A content address: CIDv1 with a SHA-256, of codec raw (batches), dag-cbor (datasets) or another below 128. */
class Cid {
 public:
  Cid() noexcept : cid_{} {}
  Cid(const arrowcid_cid &cid) noexcept : cid_(cid) {}

  /* Any base; throws where it is no such CID. */
  static Cid parse(const std::string &text) {
    Cid cid;
    detail::call(arrowcid_cid_parse, text.c_str(), &cid.cid_);
    return cid;
  }

  std::string str() const {
    char text[64];
    detail::call(arrowcid_cid_format, &cid_, text);
    return text;
  }

  /* Whether it was ever set. */
  explicit operator bool() const noexcept { return cid_.bytes[0] != 0; }
  const arrowcid_cid *get() const noexcept { return &cid_; }
  Bytes digest() const noexcept { return {cid_.bytes + 4, 32}; }
  /* The number of its codec: 0x55 raw, 0x71 dag-cbor, 0x70 dag-pb. */
  std::uint8_t codec() const noexcept { return cid_.bytes[1]; }

  friend bool operator==(const Cid &a, const Cid &b) noexcept { return a.compare(b) == 0; }
  friend bool operator!=(const Cid &a, const Cid &b) noexcept { return a.compare(b) != 0; }
  friend bool operator<(const Cid &a, const Cid &b) noexcept { return a.compare(b) < 0; }
  friend std::ostream &operator<<(std::ostream &out, const Cid &cid) { return out << (cid ? cid.str() : "none"); }

 private:
  int compare(const Cid &other) const noexcept { return std::memcmp(cid_.bytes, other.cid_.bytes, sizeof cid_.bytes); }

  arrowcid_cid cid_;
};

enum class Kind {
  unknown = 0,
  batch = ARROWCID_BATCH,
  schema = ARROWCID_SCHEMA,
  raw = ARROWCID_RAW,
  view = ARROWCID_VIEW,
  dataset = ARROWCID_DATASET,
  manifest = ARROWCID_MANIFEST,
  node = ARROWCID_NODE
};

/* What is known of a block. */
struct Block {
  using Time = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

  Cid cid;
  Cid schema_cid; /* false where the block is no batch, schema or dataset */
  std::int64_t rows = 0;
  std::int64_t length = 0;
  Time time{}; /* when it was first put; zero where not known */
  Kind kind = Kind::unknown;
  bool is_new = false;      /* of a put: whether the store did not have it */
  bool is_repaired = false; /* of a put: whether the store had it with damaged bytes, which the put replaced */

  Block() = default;
  Block(const arrowcid_block &block)
      : cid(block.cid),
        schema_cid(block.schema_cid),
        rows(block.rows),
        length(block.length),
        time(std::chrono::nanoseconds(block.time_ns)),
        kind(static_cast<Kind>(block.kind)),
        is_new(block.is_new != 0),
        is_repaired(block.is_repaired != 0) {}
};

/* What a removal by filter did, or would do. */
struct Removal {
  std::int64_t removed = 0; /* the number of blocks that went */
  std::int64_t kept = 0;    /* the number that passed the filter and stay */
  std::int64_t length = 0;  /* the bytes of those that went */
};

/* A name, and the block that it points to. */
struct Name {
  std::string name;
  Cid cid;
  Kind kind = Kind::unknown; /* unknown where the block is not here */
  Block::Time time{};        /* when the name was last changed */

  explicit Name(const arrowcid_name &raw)
      : name(raw.name),
        cid(raw.cid),
        kind(static_cast<Kind>(raw.kind)),
        time(std::chrono::nanoseconds(raw.time_ns)) {}
};

/* A batch for another library: structs of the C Data Interface over the store's memory. */
struct Batch {
  Schema schema;
  Array array;
};

/* A block that is held: its bytes stay as they are while this lives. */
class Lease {
 public:
  explicit Lease(arrowcid_handle handle) noexcept : handle_(handle) {}

  /* The canonical block: of a batch a whole Arrow IPC stream. Valid while this lives. */
  Bytes bytes() const {
    const std::uint8_t *bytes;
    std::int64_t length;
    detail::call(arrowcid_lease_block, handle_.number(), &bytes, &length, static_cast<arrowcid_block *>(nullptr));
    return {bytes, static_cast<std::size_t>(length)};
  }

  Block block() const {
    const std::uint8_t *bytes;
    std::int64_t length;
    arrowcid_block block;
    detail::call(arrowcid_lease_block, handle_.number(), &bytes, &length, &block);
    return block;
  }

  /* The batch without a copy; it outlives this. */
  Batch batch() const {
    Batch batch;
    detail::call(arrowcid_lease_array, handle_.number(), batch.schema.get(), batch.array.get());
    return batch;
  }

 private:
  detail::Handle<arrowcid_release_lease> handle_;
};

/* A batch that is computed in the store's memory; without commit nothing of it stays. */
class Reservation {
 public:
  explicit Reservation(arrowcid_handle handle) noexcept : handle_(handle) {}

  /* The memory of a column; see arrowcid_column. */
  arrowcid_column column(std::int32_t index) {
    arrowcid_column column;
    detail::call(arrowcid_reserved_column, handle_.number(), index, &column);
    return column;
  }

  /* The values of a column of fixed width. */
  template <class T>
  T *values(std::int32_t index) {
    return reinterpret_cast<T *>(column(index).values);
  }

  /* A bit a row, zero for null; all ones at first. */
  std::uint8_t *validity(std::int32_t index) {
    std::uint8_t *bits;
    std::int64_t length;
    detail::call(arrowcid_reserved_validity, handle_.number(), index, &bits, &length);
    return bits;
  }

  /* Publishes the batch; this is over then, also where it throws. */
  Block commit() {
    arrowcid_block block;
    detail::call(arrowcid_commit, handle_.release(), &block);
    return block;
  }

 private:
  detail::Handle<arrowcid_abandon> handle_;
};

struct Gap {
  std::int32_t reason; /* 1 other store, 2 past the end, 3 rewritten, 4 gone, 5 damaged */
  std::int64_t first, last;
};

struct StoreEvent {
  Block block;
  bool is_repeated = false; /* the store had it */
  std::int32_t lane = 0;
  std::optional<Gap> gap; /* something was missed; there is no block */
  std::string name;       /* of a watch of names: the name that changed; there is no block */
  std::optional<Cid> old_cid, new_cid; /* the blocks that it pointed to before, and points to since */
};

/* Every put of a batch by any process. */
class Watch {
 public:
  explicit Watch(arrowcid_handle handle) noexcept : handle_(handle) {}

  /* Waits for the next one at most so long; negative: for ever. Nothing too where the watch is closed meanwhile. */
  std::optional<StoreEvent> next(std::chrono::milliseconds timeout = std::chrono::milliseconds(-1)) {
    arrowcid_event out;
    std::int64_t wait = timeout.count() < 0 ? -1 : timeout.count();
    if (detail::call(arrowcid_watch_next, handle_.number(), wait, &out) == ARROWCID_NOTHING) return std::nullopt;
    StoreEvent event;
    event.lane = out.lane;
    event.is_repeated = out.kind == ARROWCID_AGAIN;
    if (out.kind == ARROWCID_GAP)
      event.gap = Gap{out.gap_reason, out.gap_first, out.gap_last};
    else if (out.kind == ARROWCID_NAME) {
      event.name = detail::text(arrowcid_watch_name, handle_.number());
      if (out.block.cid.bytes[0]) event.new_cid = Cid(out.block.cid);
      if (out.block.schema_cid.bytes[0]) event.old_cid = Cid(out.block.schema_cid);
    } else
      event.block = out.block;
    return event;
  }

  /* For poll or an event loop: whenever it is readable, call next(0ms) until there is nothing. Not to be closed. */
  int fd() {
    std::int32_t fd;
    detail::call(arrowcid_watch_fd, handle_.number(), &fd);
    return fd;
  }

  /* Where to go on behind what was given. */
  std::string cursor() { return detail::text(arrowcid_watch_cursor, handle_.number()); }

  /* From any thread: ends a next that waits. */
  void close() const { detail::call(arrowcid_watch_close, handle_.number()); }

 private:
  detail::Handle<arrowcid_watch_close> handle_;
};

/* How to open a store; zeros are defaults. */
struct Options {
  std::int64_t capacity = 0, segment_size = 0;
  std::chrono::milliseconds timeout{0};
  std::int32_t durability = 0, verify = 0, retention = 0; /* as in arrowcid_options */
  bool read_only = false, must_exist = false, group = false, copy = false;
};

class Store;

/* Batches of one schema in order, under one CID: a range of Batch, each held when its turn comes. Its Store must outlive
   it. */
class Dataset {
 public:
  Dataset(const Store &store, const Block &block, std::vector<Cid> batches)
      : store_(&store), block_(block), batches_(std::move(batches)) {}

  const Cid &cid() const noexcept { return block_.cid; }
  const Block &block() const noexcept { return block_; }
  std::int64_t rows() const noexcept { return block_.rows; }
  /* The CIDs of the batches in order. */
  const std::vector<Cid> &batches() const noexcept { return batches_; }
  std::size_t size() const noexcept { return batches_.size(); }
  Batch operator[](std::size_t index) const;
  /* All batches as a stream for another library. */
  Stream stream() const;

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Batch;
    using difference_type = std::ptrdiff_t;
    using pointer = const Batch *;
    using reference = Batch;

    Iterator(const Dataset *dataset, std::size_t index) noexcept : dataset_(dataset), index_(index) {}
    Batch operator*() const { return (*dataset_)[index_]; }
    Iterator &operator++() noexcept {
      ++index_;
      return *this;
    }
    Iterator operator++(int) noexcept { return Iterator(dataset_, index_++); }
    friend bool operator==(const Iterator &a, const Iterator &b) noexcept { return a.index_ == b.index_; }
    friend bool operator!=(const Iterator &a, const Iterator &b) noexcept { return a.index_ != b.index_; }

   private:
    const Dataset *dataset_;
    std::size_t index_;
  };

  Iterator begin() const noexcept { return {this, 0}; }
  Iterator end() const noexcept { return {this, batches_.size()}; }

 private:
  const Store *store_;
  Block block_;
  std::vector<Cid> batches_;
};

/* Batches by content address, in shared memory or on a disk. */
class Store {
 public:
  /* directory empty: ARROWCID_STORE, else the user's default in shared memory. */
  explicit Store(const std::string &directory = "", const Options &options = {}) {
    arrowcid_options raw{};
    raw.size = sizeof raw;
    raw.capacity = options.capacity;
    raw.segment_size = options.segment_size;
    raw.timeout_ms = options.timeout.count();
    raw.durability = options.durability;
    raw.verify = options.verify;
    raw.retention = options.retention;
    raw.flags = (options.read_only ? ARROWCID_READ_ONLY : 0) | (options.must_exist ? ARROWCID_MUST_EXIST : 0) |
                (options.group ? ARROWCID_GROUP : 0) | (options.copy ? ARROWCID_COPY : 0);
    arrowcid_handle handle;
    detail::call(arrowcid_open, detail::or_null(directory), static_cast<const arrowcid_options *>(&raw), &handle);
    handle_ = detail::Handle<arrowcid_close>(handle);
  }

  std::string directory() const { return detail::text(arrowcid_directory, number()); }
  void flush() const { detail::call(arrowcid_flush, number()); }

  /* Puts. facts is JSON as arrowcid.h says it, empty for none. What goes in is only read. */

  Block put(const ArrowSchema &schema, const ArrowArray &array, const std::string &facts = "") const {
    arrowcid_block block;
    detail::call(arrowcid_put_array, number(), &schema, &array, detail::or_null(facts), &block);
    return block;
  }

  /* Many batches of one schema, hashed and announced together. */
  std::vector<Block> put_many(const ArrowSchema &schema, const std::vector<const ArrowArray *> &arrays) const {
    std::vector<arrowcid_block> blocks(arrays.size());
    detail::call(arrowcid_put_arrays, number(), &schema, arrays.data(), size(arrays), blocks.data());
    return {blocks.begin(), blocks.end()};
  }

  /* Many batches of one schema that become visible together or not at all, with metadata of each. */
  std::vector<Block> put_together(const ArrowSchema &schema, const std::vector<const ArrowArray *> &arrays,
                                  const std::string &facts = "") const {
    std::vector<arrowcid_block> blocks(arrays.size());
    detail::call(arrowcid_put_together, number(), &schema, arrays.data(), size(arrays), detail::or_null(facts),
                 blocks.data());
    return {blocks.begin(), blocks.end()};
  }

  /* The same of any bytes. */
  std::vector<Block> put_raws(const std::vector<Bytes> &pieces, const std::string &facts = "") const {
    std::vector<const std::uint8_t *> bytes;
    std::vector<std::int64_t> lengths;
    for (const Bytes &piece : pieces) {
      bytes.push_back(piece.data);
      lengths.push_back(static_cast<std::int64_t>(piece.size));
    }
    std::vector<arrowcid_block> blocks(pieces.size());
    detail::call(arrowcid_put_raws, number(), bytes.data(), static_cast<const std::int64_t *>(lengths.data()),
                 size(pieces), detail::or_null(facts), blocks.data());
    return {blocks.begin(), blocks.end()};
  }

  /* All batches of a stream. */
  std::vector<Block> put_stream(ArrowArrayStream &stream, const std::string &facts = "") const {
    std::vector<Block> all;
    std::array<arrowcid_block, 64> some;
    std::int64_t count;
    do {
      detail::call(arrowcid_put_stream, number(), &stream, detail::or_null(facts), some.data(), size(some), &count);
      all.insert(all.end(), some.begin(), some.begin() + count);
    } while (count == size(some));
    return all;
  }

  /* All batches of an Arrow IPC stream or file. */
  std::vector<Block> put_ipc(Bytes bytes, const std::string &facts = "") const {
    std::vector<arrowcid_block> blocks(1);
    std::int64_t count = 0;
    auto put = [&] {
      return detail::call_expecting(ARROWCID_TOO_LARGE, arrowcid_put_ipc, number(), bytes.data,
                                    static_cast<std::int64_t>(bytes.size), detail::or_null(facts), blocks.data(),
                                    size(blocks), &count);
    };
    if (put() == ARROWCID_TOO_LARGE) {
      blocks.resize(static_cast<std::size_t>(count > 1 ? count : 1));
      detail::call(arrowcid_put_ipc, number(), bytes.data, static_cast<std::int64_t>(bytes.size),
                   detail::or_null(facts), blocks.data(), size(blocks), &count);
    }
    return {blocks.begin(), blocks.begin() + count};
  }

  /* A dataset of batches that are here; dataset is JSON as arrowcid.h says it: metadata and parents. */
  Block put_dataset(const std::vector<Cid> &batches, const std::string &facts = "",
                    const std::string &dataset = "") const {
    arrowcid_block block;
    detail::call(arrowcid_put_dataset, number(), raw(batches), size(batches), detail::or_null(dataset),
                 detail::or_null(facts), &block);
    return block;
  }

  /* All batches of a stream, and a dataset of them, which it gives. */
  Block put_table(ArrowArrayStream &stream, const std::string &facts = "", const std::string &dataset = "") const {
    arrowcid_block block;
    detail::call(arrowcid_put_table, number(), &stream, detail::or_null(dataset), detail::or_null(facts), &block);
    return block;
  }

  /* Any bytes. */
  Block put_raw(Bytes bytes, const std::string &facts = "") const {
    arrowcid_block block;
    detail::call(arrowcid_put_raw, number(), bytes.data, static_cast<std::int64_t>(bytes.size), detail::or_null(facts),
                 &block);
    return block;
  }

  /* data_bytes: a number a column, the most bytes of its text; empty: none has any. */
  Reservation reserve(const ArrowSchema &schema, std::int64_t rows,
                      const std::vector<std::int64_t> &data_bytes = {}) const {
    if (!data_bytes.empty() && size(data_bytes) != schema.n_children)
      throw Error(ARROWCID_INVALID_ARGUMENT, "data_bytes has not one number a column");
    arrowcid_handle handle;
    detail::call(arrowcid_reserve, number(), &schema, rows, data_bytes.empty() ? nullptr : data_bytes.data(), &handle);
    return Reservation(handle);
  }

  /* Files. */

  /* A directory of files that are here: paths with slashes, each with the CID of its bytes, which put_raw puts. A name or
     pin of it keeps its files. */
  Block put_directory(const std::map<std::string, Cid> &files, const std::string &facts = "") const {
    std::string json = "{";
    for (const auto &[path, cid] : files)
      json += (json.size() > 1 ? "," : "") + detail::quoted(path) + ":" + detail::quoted(cid.str());
    json += "}";
    arrowcid_block block;
    detail::call(arrowcid_put_directory, number(), json.c_str(), detail::or_null(facts), &block);
    return block;
  }

  /* The files of a directory as JSON: {"a/b.txt":{"cid":"bafkrei...","bytes":5}}; bytes is null of one that is not here. */
  std::string directory_files(const Cid &cid) const {
    return detail::text(arrowcid_directory_files, number(), cid.get());
  }

  /* Writes batches of one schema, or those of a dataset, as a Parquet file, a row group for each, to a regular file that is
     open for writing, from its position on, which is not moved. Returns the number of bytes. */
  std::int64_t write_parquet(const std::vector<Cid> &cids, int file) const {
    std::int64_t length = 0;
    detail::call(arrowcid_write_parquet, number(), raw(cids), size(cids), static_cast<std::int32_t>(file), &length);
    return length;
  }

  /* Writes the catalog likewise: one row for each block that passes a filter ("": all), with its metadata. */
  std::int64_t write_catalog(const std::string &filter, int file) const {
    std::int64_t length = 0;
    detail::call(arrowcid_write_catalog, number(), detail::or_null(filter), static_cast<std::int32_t>(file), &length);
    return length;
  }

  /* Reading. */

  std::optional<Lease> get(const Cid &cid) const {
    arrowcid_handle handle;
    if (detail::call_expecting(ARROWCID_BLOCK_NOT_FOUND, arrowcid_get, number(), cid.get(), &handle) != ARROWCID_OK)
      return std::nullopt;
    return Lease(handle);
  }

  /* Many blocks in one call; nullopt where one is not here. */
  std::vector<std::optional<Lease>> get_many(const std::vector<Cid> &cids) const {
    std::vector<arrowcid_handle> handles(cids.size());
    detail::call(arrowcid_get_many, number(), raw(cids), size(cids), handles.data());
    std::vector<std::optional<Lease>> leases;
    leases.reserve(cids.size());
    for (arrowcid_handle handle : handles) {
      if (handle == 0)
        leases.emplace_back();
      else
        leases.emplace_back(Lease(handle));
    }
    return leases;
  }

  /* The batch without a copy: the quickest way to it. */
  std::optional<Batch> get_batch(const Cid &cid) const {
    Batch batch;
    if (detail::call_expecting(ARROWCID_BLOCK_NOT_FOUND, arrowcid_get_array, number(), cid.get(), batch.schema.get(),
                               batch.array.get()) != ARROWCID_OK)
      return std::nullopt;
    return batch;
  }

  /* The same without the schema, for callers that know it. */
  std::optional<Array> get_array(const Cid &cid) const {
    Array array;
    if (detail::call_expecting(ARROWCID_BLOCK_NOT_FOUND, arrowcid_get_array, number(), cid.get(),
                               static_cast<ArrowSchema *>(nullptr), array.get()) != ARROWCID_OK)
      return std::nullopt;
    return array;
  }

  /* Of a schema's CID or a batch's. */
  std::optional<Schema> get_schema(const Cid &cid) const {
    Schema schema;
    if (detail::call_expecting(ARROWCID_BLOCK_NOT_FOUND, arrowcid_get_schema, number(), cid.get(), schema.get()) !=
        ARROWCID_OK)
      return std::nullopt;
    return schema;
  }

  /* Batches of one schema, each leased when it is asked for. Throws where one is not here. */
  Stream get_stream(const std::vector<Cid> &cids) const {
    Stream stream;
    detail::call(arrowcid_get_stream, number(), raw(cids), size(cids), stream.get());
    return stream;
  }

  /* A dataset; throws ARROWCID_SCHEMA_MISMATCH where the block is another. */
  std::optional<Dataset> dataset(const Cid &cid) const {
    std::optional<Block> block = find(cid);
    if (!block) return std::nullopt;
    std::vector<arrowcid_cid> batches(64);
    std::int64_t count = 0;
    while (detail::call_expecting(ARROWCID_TOO_LARGE, arrowcid_dataset_batches, number(), cid.get(), batches.data(),
                                  size(batches), &count) != ARROWCID_OK)
      batches.resize(static_cast<std::size_t>(count));
    batches.resize(static_cast<std::size_t>(count));
    return Dataset(*this, *block, std::vector<Cid>(batches.begin(), batches.end()));
  }

  /* The dataset that a name points to. */
  std::optional<Dataset> dataset(const std::string &name) const {
    std::optional<Cid> cid = resolve(name);
    if (!cid) return std::nullopt;
    return dataset(*cid);
  }

  /* Every name, in order. */
  std::vector<Name> names() const {
    arrowcid_handle number_of_listing;
    detail::call(arrowcid_names, number(), &number_of_listing);
    detail::Handle<arrowcid_list_close> listing(number_of_listing);
    std::array<arrowcid_name, 64> some;
    std::vector<Name> all;
    std::int64_t count;
    while (detail::call(arrowcid_names_next, listing.number(), some.data(), size(some), &count) == ARROWCID_OK) {
      for (std::int64_t i = 0; i < count; i++) all.emplace_back(some[static_cast<std::size_t>(i)]);
    }
    return all;
  }

  std::optional<Block> find(const Cid &cid) const {
    arrowcid_block block;
    if (detail::call_expecting(ARROWCID_BLOCK_NOT_FOUND, arrowcid_find, number(), cid.get(), &block) != ARROWCID_OK)
      return std::nullopt;
    return Block(block);
  }

  bool contains(const Cid &cid) const {
    std::uint8_t found = 0;
    detail::call(arrowcid_contains, number(), cid.get(), std::int64_t{1}, &found);
    return found != 0;
  }

  std::vector<bool> contains(const std::vector<Cid> &cids) const {
    std::vector<std::uint8_t> found(cids.size());
    detail::call(arrowcid_contains, number(), raw(cids), size(cids), found.data());
    return {found.begin(), found.end()};
  }

  /* Calls back with every batch, or every block that passes a filter, until that says false. */
  template <class Each>
  void for_each(const std::string &filter, Each each) const {
    arrowcid_handle number_of_listing;
    detail::call(arrowcid_list, number(), detail::or_null(filter), &number_of_listing);
    detail::Handle<arrowcid_list_close> listing(number_of_listing);
    std::array<arrowcid_block, 64> some;
    std::int64_t count;
    while (detail::call(arrowcid_list_next, listing.number(), some.data(), size(some), &count) == ARROWCID_OK) {
      for (std::int64_t i = 0; i < count; i++) {
        if (!each(Block(some[static_cast<std::size_t>(i)]))) return;
      }
    }
  }

  /* All of them, in one call. */
  std::vector<Block> list(const std::string &filter = "") const {
    std::vector<arrowcid_block> blocks(512);
    std::int64_t count = 0;
    while (detail::call_expecting(ARROWCID_TOO_LARGE, arrowcid_list_all, number(), detail::or_null(filter), blocks.data(),
                                  size(blocks), &count) != ARROWCID_OK)
      blocks.resize(static_cast<std::size_t>(count) + 64);
    return {blocks.begin(), blocks.begin() + count};
  }

  /* The block and its metadata, as JSON. */
  std::string describe(const Cid &cid) const { return detail::text(arrowcid_describe, number(), cid.get()); }

  /* Names and facts. */

  void set_name(const std::string &name, const Cid &cid) const {
    detail::call(arrowcid_set_name, number(), name.c_str(), cid.get(), none(), std::int32_t{0});
  }

  /* Only if it points to the expected block (nullopt: there is no such name); false otherwise. */
  bool set_name_if(const std::string &name, const Cid &cid, const std::optional<Cid> &expected) const {
    std::int32_t conflict = expected ? ARROWCID_NAME_CONFLICT : ARROWCID_NAME_EXISTS;
    return detail::call_expecting(conflict, arrowcid_set_name, number(), name.c_str(), cid.get(),
                                  expected ? expected->get() : none(), std::int32_t{1}) == ARROWCID_OK;
  }

  /* False where there is no such name. */
  bool remove_name(const std::string &name) const {
    return detail::call_expecting(ARROWCID_NAME_NOT_FOUND, arrowcid_set_name, number(), name.c_str(), none(), none(),
                                  std::int32_t{0}) == ARROWCID_OK;
  }

  std::optional<Cid> resolve(const std::string &name) const {
    arrowcid_cid cid;
    if (detail::call_expecting(ARROWCID_NAME_NOT_FOUND, arrowcid_resolve_name, number(), name.c_str(), &cid) !=
        ARROWCID_OK)
      return std::nullopt;
    return Cid(cid);
  }

  void annotate(const Cid &cid, const std::string &facts) const {
    detail::call(arrowcid_annotate, number(), cid.get(), facts.c_str());
  }

  /* The same metadata of many blocks; returns their number. Some hundred are written whole or not at all. */
  std::int64_t annotate_many(const std::vector<Cid> &cids, const std::string &facts) const {
    const char *text = facts.c_str();
    std::int64_t annotated = 0;
    detail::call(arrowcid_annotate_many, number(), raw(cids), size(cids), static_cast<const char *const *>(&text),
                 std::int64_t{1}, &annotated);
    return annotated;
  }

  /* Metadata for each of many blocks: facts has one text for each. */
  std::int64_t annotate_many(const std::vector<Cid> &cids, const std::vector<std::string> &facts) const {
    std::vector<const char *> texts;
    for (const std::string &text : facts) texts.push_back(text.c_str());
    std::int64_t annotated = 0;
    detail::call(arrowcid_annotate_many, number(), raw(cids), size(cids),
                 static_cast<const char *const *>(texts.data()), size(facts), &annotated);
    return annotated;
  }

  /* Sets when blocks expire; nullopt is never. */
  void touch(const std::vector<Cid> &cids, std::optional<Block::Time> expires) const {
    using std::chrono::milliseconds;
    std::int64_t ms =
        expires ? std::chrono::duration_cast<milliseconds>(expires->time_since_epoch()).count() : std::int64_t{-1};
    detail::call(arrowcid_touch, number(), raw(cids), size(cids), ms);
  }

  void pin(const Cid &cid) const { detail::call(arrowcid_pin, number(), cid.get()); }
  void unpin(const Cid &cid) const { detail::call(arrowcid_unpin, number(), cid.get()); }

  /* How many went; those that a name, a pin or another block needs are kept. */
  std::int64_t remove(const std::vector<Cid> &cids, bool force = false) const {
    std::int64_t removed = 0;
    detail::call(force ? arrowcid_remove_forced : arrowcid_remove, number(), raw(cids), size(cids), &removed);
    return removed;
  }

  /* Removes the blocks that pass a filter; with dry_run it only says what would go. */
  Removal remove_where(const std::string &filter, bool dry_run = false) const {
    arrowcid_removal removal;
    detail::call(arrowcid_remove_where, number(), filter.c_str(), static_cast<std::int32_t>(dry_run), &removal);
    return {removal.removed, removal.kept, removal.length};
  }

  /* Proves a block again; throws where it is damaged or not here. */
  void verify(const Cid &cid) const { detail::call(arrowcid_verify, number(), cid.get()); }

  /* from: "now", "oldest", or where a watch's cursor was taken. */
  Watch watch(const std::string &from = "now") const {
    arrowcid_handle handle;
    detail::call(arrowcid_watch, number(), from.c_str(), &handle);
    return Watch(handle);
  }

  /* Changes of the names that match a pattern, by any process. */
  Watch watch_names(const std::string &pattern = "*", const std::string &from = "now") const {
    arrowcid_handle handle;
    detail::call(arrowcid_watch_names, number(), pattern.c_str(), from.c_str(), &handle);
    return Watch(handle);
  }

  /* For functions of arrowcid.h. */
  arrowcid_handle number() const noexcept { return handle_.number(); }

 private:
  template <class Container>
  static std::int64_t size(const Container &container) {
    return static_cast<std::int64_t>(container.size());
  }

  static const arrowcid_cid *none() noexcept { return nullptr; }

  static const arrowcid_cid *raw(const std::vector<Cid> &cids) noexcept {
    static_assert(sizeof(Cid) == sizeof(arrowcid_cid), "a Cid is nothing but its bytes");
    return reinterpret_cast<const arrowcid_cid *>(cids.data());
  }

  detail::Handle<arrowcid_close> handle_;
};

inline Batch Dataset::operator[](std::size_t index) const {
  std::optional<Batch> batch = store_->get_batch(batches_.at(index));
  if (!batch) throw Error(ARROWCID_BLOCK_NOT_FOUND, "a batch of the dataset is not here");
  return std::move(*batch);
}

inline Stream Dataset::stream() const { return store_->get_stream({block_.cid}); }

/* Whether bytes are a batch's canonical block: its CID, or nothing where they are not; why, says the Error of
   check_or_throw. */
inline Cid check_or_throw(Bytes bytes) {
  arrowcid_cid cid;
  detail::call(arrowcid_check, bytes.data, static_cast<std::int64_t>(bytes.size), &cid);
  return cid;
}

inline std::optional<Cid> check(Bytes bytes) {
  arrowcid_cid cid;
  if (detail::call_expecting(ARROWCID_NOT_CANONICAL, arrowcid_check, bytes.data, static_cast<std::int64_t>(bytes.size),
                             &cid) != ARROWCID_OK)
    return std::nullopt;
  return Cid(cid);
}

/* The CID that a put would give. */
inline Cid cid_of(const ArrowSchema &schema, const ArrowArray &array) {
  arrowcid_cid cid;
  detail::call(arrowcid_cid_of_array, &schema, &array, &cid);
  return cid;
}

inline const char *version() { return arrowcid_version(); }

/* How many messages are hashed at once here; see arrowcid_hash_path. */
inline const char *hash_path() { return arrowcid_hash_path(); }

}  // namespace arrowcid

template <>
struct std::hash<arrowcid::Cid> {
  std::size_t operator()(const arrowcid::Cid &cid) const noexcept {
    std::size_t hash;
    std::memcpy(&hash, cid.get()->bytes + 4, sizeof hash);
    return hash;
  }
};

#endif
