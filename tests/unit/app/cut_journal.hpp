// A journal of one topic whose oldest events are removed between a look and the read that follows, which no
// real journal can be made to do at that moment.
#pragma once

#include "events/journal/error.hpp"
#include "events/journal/journal.hpp"

#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace test_support {

class cut_topic final : public events::topic {
  public:
    static constexpr events::position removed = 5; // events, by the first read

    [[nodiscard]] const std::string& name() const noexcept override { return name_; }
    [[nodiscard]] std::int32_t partitions() const noexcept override { return 1; }
    [[nodiscard]] async::awaitable<events::appended> append(events::event_batch batch) override {
        const auto first = end_;
        end_ += static_cast<events::position>(batch.size());
        co_return events::appended{0, first, end_};
    }
    [[nodiscard]] async::awaitable<events::batch> read(std::int32_t, events::position from, std::size_t,
                                                       async::deadline) override {
        begin_ = removed;
        if (from < begin_)
            throw events::journal_error(events::journal_failure::before_start, "it has been removed");
        events::batch got{{}, from};
        for (; got.next < end_; ++got.next)
            got.events.push_back({got.next, {}, {{}, {}, "{}"}});
        co_return got;
    }
    [[nodiscard]] async::awaitable<events::extent> look(std::int32_t) override {
        co_return events::extent{"id", begin_, end_};
    }
    [[nodiscard]] async::awaitable<events::position> first_since(std::int32_t, events::event_time) override {
        co_return begin_;
    }
    [[nodiscard]] async::awaitable<events::position> retain(std::int32_t, events::position,
                                                            std::string) override {
        co_return 0;
    }

  private:
    std::string name_ = "live";
    events::position begin_ = 0;
    events::position end_ = 10;
};

class cut_journal final : public events::journal {
  public:
    [[nodiscard]] events::journal_figures figures() const override { return {}; }
    [[nodiscard]] async::awaitable<events::topic*> open(std::string) override {
        if (not_opened)
            std::rethrow_exception(not_opened);
        co_return &topic_;
    }
    [[nodiscard]] async::awaitable<events::topic*> view(std::string) override { co_return &topic_; }
    [[nodiscard]] std::vector<std::string> written() const override { return {topic_.name()}; }
    [[nodiscard]] async::awaitable<std::vector<std::string>> topics() override {
        co_return std::vector<std::string>(1, topic_.name());
    }
    [[nodiscard]] async::awaitable<void> close() override { co_return; }
    [[nodiscard]] async::awaitable<void> must_answer() override { co_return; }
    [[nodiscard]] async::awaitable<events::append_outlook> outlook(std::string) override {
        co_return events::append_outlook{true, true, {}};
    }

    std::exception_ptr not_opened; // what opening it throws; null: it is opened

  private:
    cut_topic topic_;
};

} // namespace test_support
