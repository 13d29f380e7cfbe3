#include "archive/stage/file_records.hpp"

#include <string_view>
#include <utility>

namespace archive {

using async::awaitable;

awaitable<void> file_records::read_ledger() {
    if (known_ || book_ == nullptr)
        co_return;
    auto read = co_await book_->read();
    known_ = std::move(read);
}

awaitable<std::optional<lake::file_record>> file_records::content_of(const lake::listed_file& file) {
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

awaitable<void> file_records::learn_types(const lake::file_record& written) {
    if (!types_.needs_texts(written))
        co_return;
    co_await read_ledger();
    if (known_)
        types_.know(known_->types());
}

} // namespace archive
