// Puts batches into a store, computed where they will stand:
//
//   c++ -std=c++17 -I. -I../c samples/producer.cpp -o producer -L../../.artifacts/native -larrowcid
//   ./producer /dev/shm/quotes 3
#include <exception>
#include <iostream>

#include "arrowcid.hpp"

int main(int count, char **arguments) try {
  constexpr int rows = 1000;
  auto keep = [](ArrowSchema *schema) { schema->release = nullptr; };
  ArrowSchema id{"l", "id", nullptr, 0, 0, nullptr, nullptr, keep, nullptr};
  ArrowSchema price{"g", "px", nullptr, 0, 0, nullptr, nullptr, keep, nullptr};
  ArrowSchema *fields[] = {&id, &price};
  ArrowSchema schema{"+s", "", nullptr, 0, 2, fields, nullptr, keep, nullptr};

  arrowcid::Store store(count > 1 ? arguments[1] : "");
  int batches = count > 2 ? std::stoi(arguments[2]) : 1;
  for (int batch = 0; batch < batches; batch++) {
    arrowcid::Reservation made = store.reserve(schema, rows);
    auto *ids = made.values<std::int64_t>(0);
    auto *prices = made.values<double>(1);
    for (int i = 0; i < rows; i++) {
      ids[i] = batch * rows + i;
      prices[i] = 100 + (batch * rows + i) * 0.25;
    }
    std::cout << made.commit().cid << std::endl;
  }
} catch (const std::exception &e) {
  std::cerr << "producer: " << e.what() << '\n';
  return 1;
}
