// Puts the batches of an Arrow IPC file, or reads a block, and says so in a line; the tests hold other languages against
// it: `exchange put STORE FILE`, `exchange read STORE CID COLUMN`.
#include <cstdint>
#include <cstring>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "arrowcid.hpp"

// What file is mapped where something lies.
static std::string mapped_file(const void *place) {
  std::ifstream maps("/proc/self/maps");
  std::uintptr_t address = reinterpret_cast<std::uintptr_t>(place), start, end;
  for (std::string line; std::getline(maps, line);) {
    char dash;
    std::istringstream words(line);
    words >> std::hex >> start >> dash >> end;
    if (start <= address && address < end) return line.substr(line.find_last_of(' ') + 1);
  }
  return "(nothing)";
}

static void put(const std::string &directory, const char *path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  for (const arrowcid::Block &block : arrowcid::Store(directory).put_ipc(bytes))
    std::cout << block.cid << (block.is_new ? " true" : " false") << std::endl;
}

// The CID, the sum of a column of int16, and the file in which its first value lies.
static void read(const std::string &directory, const std::string &cid, const char *column) {
  auto batch = arrowcid::Store(directory).get_batch(arrowcid::Cid::parse(cid)).value();
  for (std::int64_t i = 0; i < batch.schema->n_children; i++) {
    if (std::strcmp(batch.schema->children[i]->name, column) != 0) continue;
    const ArrowArray *array = batch.array->children[i];
    const std::int16_t *values = static_cast<const std::int16_t *>(array->buffers[1]) + array->offset;
    std::int64_t sum = 0;
    for (std::int64_t row = 0; row < array->length; row++) sum += values[row];
    std::cout << cid << ' ' << sum << ' ' << mapped_file(values) << std::endl;
  }
}

int main(int count, char **arguments) try {
  std::string what = count > 1 ? arguments[1] : "";
  if (what == "put" && count == 4) put(arguments[2], arguments[3]);
  else if (what == "read" && count == 5) read(arguments[2], arguments[3], arguments[4]);
  else throw std::invalid_argument("put STORE FILE | read STORE CID COLUMN");
} catch (const std::exception &e) {
  std::cerr << "exchange: " << e.what() << '\n';
  return 1;
}
