// Reads a store's batches where they lie, those that are there and then those that come:
//
//   c++ -std=c++17 -I. -I../c samples/consumer.cpp -o consumer -L../../.artifacts/native -larrowcid
//   ./consumer /dev/shm/quotes 3
//
// Each has a column of int64 and one of double, as producer.cpp makes them.
#include <exception>
#include <iomanip>
#include <iostream>
#include <numeric>

#include "arrowcid.hpp"

int main(int count, char **arguments) try {
  arrowcid::Store store(count > 1 ? arguments[1] : "");
  arrowcid::Watch watch = store.watch("oldest");
  int left = count > 2 ? std::stoi(arguments[2]) : 1;
  while (left > 0) {
    auto heard = watch.next();
    if (!heard || heard->gap || heard->is_repeated) continue;
    auto array = store.get_array(heard->block.cid);
    if (!array) continue;  // removed since
    const ArrowArray *prices = (*array)->children[1];
    const double *values = static_cast<const double *>(prices->buffers[1]) + prices->offset;
    std::cout << heard->block.cid << "  " << heard->block.rows << " rows  " << std::fixed << std::setprecision(2)
              << std::accumulate(values, values + prices->length, 0.0) << std::endl;
    left--;
  }
} catch (const std::exception &e) {
  std::cerr << "consumer: " << e.what() << '\n';
  return 1;
}
