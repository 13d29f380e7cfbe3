#include "lake/difference.hpp"

#include <utility>

namespace lake {

std::string_view to_string(difference_kind kind) noexcept {
    switch (kind) {
    case difference_kind::malformed:
        return "malformed";
    case difference_kind::header:
        return "header";
    case difference_kind::wrong_day:
        return "wrong_day";
    case difference_kind::duplicate:
        return "duplicate";
    case difference_kind::size:
        return "size";
    case difference_kind::rows:
        return "rows";
    case difference_kind::checksum:
        return "checksum";
    case difference_kind::in_table:
        return "in_table";
    case difference_kind::key_in_table:
        return "key_in_table";
    case difference_kind::content:
        return "content";
    case difference_kind::missing:
        return "missing";
    case difference_kind::ledger:
        return "ledger";
    case difference_kind::unreadable:
        break;
    }
    return "unreadable";
}

void difference_list::add(difference_kind kind, row_place at, std::string description) {
    ++count_;
    if (kept_.size() < kept_max)
        kept_.push_back({kind, at, std::move(description)});
}

} // namespace lake
