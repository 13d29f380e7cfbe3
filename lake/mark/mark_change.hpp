// The next mark of a file: its tail is final or taken back, its rows are restored or archived again.
#pragma once

#include "lake/mark/mark.hpp"

namespace lake {

// The transaction that the file waits for: the one of its tail, or the one that moves its rows back.
[[nodiscard]] std::optional<db::transaction_mark> awaited(const file_mark& mark);

// Whether the table may have rows of the file as well, because they were, or are being, moved back.
[[nodiscard]] bool may_be_in_table(const file_mark& mark) noexcept;

// The mark a file has once its tail is final. A restored file stays so, unless its whole day went.
[[nodiscard]] file_mark settled(const file_mark& mark);
// The mark of a file while `author` moves its rows back, to stay there until then: "2026-12-24T02:00:00Z", or
// empty. The hold of an earlier restore is kept beside it.
[[nodiscard]] file_mark being_restored(const file_mark& mark, const db::transaction_mark& author,
                                       std::string held_until);
// The mark of a file that still holds its rows, because the restore was rolled back.
[[nodiscard]] file_mark not_restored(const file_mark& mark);
// The mark of a file whose rows are in the table as well, and stay in the file. It must await a transaction.
[[nodiscard]] file_mark moved_back(const file_mark& mark);
// The mark of a file that was restored, once its rows are in it alone.
[[nodiscard]] file_mark archived_again(const file_mark& mark);
// The mark of a file whose rows are in the table alone: `header` is all it has left.
[[nodiscard]] file_mark emptied(const file_mark& mark, const file_record& header);

// True if nothing was added: the mark is pending because of rows that the file had already.
[[nodiscard]] bool has_empty_tail(const file_mark& mark) noexcept;
// The mark of the file without its tail. The file must have a base.
[[nodiscard]] file_mark taken_back(const file_mark& mark);

} // namespace lake
