#include "archive/run/archive_transaction.hpp"

namespace archive {

std::uint64_t archive_transaction::rows() const {
    std::uint64_t rows = 0;
    for (const auto& [which, file] : staging->files())
        rows += file->rows + file->day_rows_recognised();
    return rows;
}

std::vector<day_file*> archive_transaction::tails() const {
    std::vector<day_file*> found;
    for (auto& [which, file] : staging->files())
        for (auto* each : {file.get(), file->other.get()})
            if (each != nullptr && each->has_news())
                found.push_back(each);
    return found;
}

} // namespace archive
