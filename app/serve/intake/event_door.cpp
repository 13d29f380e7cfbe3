#include "app/serve/intake/event_door.hpp"

#include <utility>

namespace app {

using async::awaitable;

namespace {

std::optional<intake_refusal> refusal_of(key_book::state state, const key_words& words) {
    switch (state) {
    case key_book::state::in_flight:
        return intake_refusal{409, std::string(words.in_flight), false, true};
    case key_book::state::other_batch:
        return intake_refusal{422, std::string(words.other_batch), false, true};
    case key_book::state::unknown:
    case key_book::state::accepted:
        break;
    }
    return std::nullopt;
}

} // namespace

event_door::event_door(keyed_intake& events_in, intake::error_form form, key_words words)
    : intake_(events_in)
    , form_(std::move(form))
    , words_(words) {}

awaitable<event_door::outcome> event_door::append(arrival given) {
    outcome done;
    std::optional<intake_refusal> refused;
    try {
        if (!given.key) {
            done.made = co_await intake_.plain().append(std::move(given.topic), std::move(given.events),
                                                        std::move(given.room));
        } else {
            const auto kept =
                co_await intake_.append(std::move(given.topic), std::move(*given.key), given.batch,
                                        std::move(given.events), std::move(given.room));
            done.made = kept.made;
            refused = refusal_of(kept.state, words_);
        }
    } catch (const async::error& failed) {
        refused = refusal_for(failed);
    }
    if (refused)
        done.refused = refusal(*refused);
    co_return done;
}

http::admission event_door::admit(std::optional<std::uint64_t> length, std::size_t bytes_max) {
    return intake_.plain().admit(length, bytes_max, form_);
}

http::response event_door::refusal(const intake_refusal& why) const {
    auto answer = form_(why);
    add_retry_after(answer, why);
    return answer;
}

awaitable<events::topic*> event_door::find(std::string topic) {
    return intake_.plain().find(std::move(topic));
}

} // namespace app
