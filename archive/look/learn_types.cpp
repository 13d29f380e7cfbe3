#include "archive/look/learn_types.hpp"

#include "lake/ledger/ledger.hpp"

namespace archive {

async::awaitable<void> learn_types(lake::folder& folder, lake::listed_file file, types_judge& types) {
    if (!file.mark.mark || !types.needs_texts(file.mark.mark->now))
        co_return;
    lake::ledger book(folder);
    const auto known = co_await book.read();
    types.know(known.types());
}

} // namespace archive
