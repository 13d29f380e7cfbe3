#include "events/event_batch.hpp"

#include <utility>

namespace events {

event_view view_of(const event& whole) noexcept {
    return {whole.key ? std::optional<std::string_view>(*whole.key) : std::nullopt, whole.headers,
            whole.value};
}

event_batch::event_batch(std::shared_ptr<const std::string> text, std::vector<std::string_view> values,
                         std::vector<header> headers)
    : text_(std::move(text))
    , values_(std::move(values))
    , headers_(std::move(headers))
    , headers_of_first_(headers_) {}

event_view event_batch::operator[](std::size_t at) const {
    if (!values_.empty())
        return {std::nullopt, at == 0 ? headers_of_first_ : headers_, values_[at]};
    return view_of(events_[at]);
}

void event_batch::add_to_first(header more) {
    auto& headers = values_.empty() ? events_.front().headers : headers_of_first_;
    headers.push_back(std::move(more));
}

void event_batch::add_to_each(const header& more) {
    for (auto& each : events_)
        each.headers.push_back(more);
    if (values_.empty())
        return;
    headers_.push_back(more);
    headers_of_first_.push_back(more);
}

} // namespace events
