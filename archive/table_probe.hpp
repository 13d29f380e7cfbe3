// Which rows of a file the table has as well, by key: asked in batches while the file is read. Keys of one
// day are near each other as a rule, so a batch of integers is one question about a range.
#pragma once

#include "archive/difference.hpp"
#include "archive/table.hpp"
#include "db/connection.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

class table_probe {
  public:
    // All references must outlive the probe.
    table_probe(db::connection& session, const table_description& table, difference_list& found);

    void add(std::string_view key, row_place at);
    [[nodiscard]] bool due() const noexcept { return places_.size() >= batch_ || bytes_ >= bytes_max; }
    // Asks for the keys added since; what the table has is a difference `in_table`.
    [[nodiscard]] awaitable<void> ask();

  private:
    [[nodiscard]] awaitable<bool> ask_for_range();
    [[nodiscard]] awaitable<void> ask_for_each();
    void note(std::vector<std::string> present);

    static constexpr std::size_t bytes_max = std::size_t{256} * 1024; // a key may be of any length

    db::connection& session_;
    const table_description& table_;
    difference_list& found_;
    bool integers_;
    std::size_t batch_;
    std::vector<std::int64_t> numbers_; // keys, if they are integers
    std::vector<std::string> texts_;    // keys, if they are not
    std::size_t bytes_ = 0;             // of `texts_`
    std::vector<row_place> places_;
};

} // namespace archive
