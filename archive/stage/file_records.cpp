// What staging asks the ledger. It is read once, and only if a file needs it.
// Tested by tests/fault/test_ledger.py and tests/fault/test_changed_types.py.
#include "archive/stage/staging.hpp"

namespace archive {

awaitable<void> staging::read_ledger() {
    if (known_ || context_.book == nullptr)
        co_return;
    auto read = co_await context_.book->read();
    known_ = std::move(read);
}

awaitable<std::optional<lake::file_record>> staging::content_known(const lake::listed_file& file) {
    if (file.mark.mark) {
        const auto& now = file.mark.mark->now;
        co_return now.rows > 0 ? std::optional(now) : std::nullopt;
    }
    co_await read_ledger();
    if (!known_)
        co_return std::nullopt;
    const std::string_view name = file.properties.name;
    const auto found = known_->find(name.substr(name.rfind('/') + 1));
    if (!found || found->now.rows == 0)
        co_return std::nullopt;
    co_return found->now;
}

awaitable<void> staging::learn_types(const lake::file_record& written) {
    if (!types_.needs_texts(written))
        co_return;
    co_await read_ledger();
    if (known_)
        types_.know(known_->types());
}

} // namespace archive
