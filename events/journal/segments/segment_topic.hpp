// One topic of a segment_journal on the loop: groups appends, one sync after the other, and lets readers
// wait. With `sync_every`, syncs in the background.
// Tested by tests/unit/events/journal/segments/segment_journal_test.cpp.
#pragma once

#include "async/condition.hpp"
#include "async/helper_thread.hpp"
#include "async/log.hpp"
#include "async/task_scope.hpp"
#include "events/journal/journal.hpp"
#include "events/journal/segments/segment_reader.hpp"
#include "events/journal/segments/segment_writer.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace events {

class segment_topic final : public topic {
  public:
    // A sync takes milliseconds: readers do not wait for it. The log and the threads must outlive the
    // topic.
    struct surroundings {
        boost::asio::any_io_executor executor;
        async::log& log;
        async::helper_thread& writing;
        async::helper_thread& reading;
    };
    struct limits {
        std::size_t memory_bytes = 0;            // of appends that wait for the disk
        std::chrono::microseconds sync_every{0}; // as in segment_options
    };
    // `writer`: null in a process that only reads.
    segment_topic(const surroundings& around, std::string name, std::shared_ptr<segment_writer> writer,
                  std::filesystem::path directory, limits allowed);

    [[nodiscard]] const std::string& name() const noexcept override { return name_; }
    [[nodiscard]] std::int32_t partitions() const noexcept override { return 1; }
    [[nodiscard]] awaitable<appended> append(event_batch events) override;
    [[nodiscard]] awaitable<batch> read(std::int32_t partition, position from, std::size_t bytes_max,
                                        async::deadline deadline) override;
    [[nodiscard]] awaitable<position> first_since(std::int32_t partition, event_time time) override;
    [[nodiscard]] awaitable<extent> look(std::int32_t partition) override;
    [[nodiscard]] awaitable<position> retain(std::int32_t partition, position needed,
                                             std::string why_kept) override;

    // Null in a process that only reads.
    [[nodiscard]] const segment_writer* writer() const noexcept { return writer_.get(); }

    // Refuses further appends, and returns once nothing is being written and everything is synced. Throws
    // journal_error(broken) if a sync failed after its appends had been answered: they may be lost.
    [[nodiscard]] awaitable<void> close();

  private:
    struct waiting_append;
    class place_in_line;
    class writer_in_use;
    struct reading;

    [[nodiscard]] awaitable<void> write_group();
    [[nodiscard]] awaitable<void> write_taken(std::vector<std::shared_ptr<waiting_append>> group);
    [[nodiscard]] awaitable<void> wait_for_events(position from, async::deadline deadline);
    [[nodiscard]] awaitable<void> wait_until_idle();
    void notice_written(position end, position durable);
    [[nodiscard]] awaitable<void> sync_later();
    [[nodiscard]] awaitable<void> sync_now();
    [[nodiscard]] awaitable<void> on_reading_thread(std::function<void()> call);

    std::string name_;
    std::shared_ptr<segment_writer> writer_;
    std::shared_ptr<reading> reading_;
    limits limits_;
    async::log& log_;
    async::helper_thread& writing_thread_;
    async::helper_thread& reading_thread_;
    std::deque<std::shared_ptr<waiting_append>> queue_;
    std::size_t waiting_bytes_ = 0; // queued or being written
    bool busy_ = false;             // the writer is in use on the helper thread
    bool closed_ = false;
    bool sync_awaited_ = false;      // a sync of what was written will come
    std::exception_ptr sync_failed_; // of a sync that came after the answers
    position end_ = 0;               // durable: readers see events up to here
    async::condition changed_;
    async::task_scope background_;
};

} // namespace events
