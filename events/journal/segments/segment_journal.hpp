// The journal of one machine: a directory, a sub-directory a topic, one partition each.
//
// Ours because it is what the project exists for: an event is accepted when it is on this disk, without a
// server beside it. docs/journal.md says of each step what happens if the process dies there.
#pragma once

#include "async/condition.hpp"
#include "async/helper_thread.hpp"
#include "async/log.hpp"
#include "events/journal/journal.hpp"
#include "events/journal/segments/segment_writer.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace events {

// A last event whose time is further ahead of this machine's clock is told of.
inline constexpr std::chrono::hours clock_patience{1};

struct segment_journal_options {
    std::filesystem::path directory;
    std::size_t memory_bytes = 16'777'216; // of appends of one topic that wait for the disk
    bool read_only = false;                // another process may write to it
    segment_options segments;
};

class segment_journal final : public journal {
  public:
    segment_journal(const boost::asio::any_io_executor& executor, segment_journal_options options,
                    async::log& log);
    ~segment_journal() override;
    segment_journal(const segment_journal&) = delete;
    segment_journal& operator=(const segment_journal&) = delete;

    [[nodiscard]] awaitable<topic*> open(std::string name) override;
    [[nodiscard]] awaitable<topic*> view(std::string name) override;
    [[nodiscard]] std::vector<std::string> written() const override;
    [[nodiscard]] awaitable<std::vector<std::string>> topics() override;
    [[nodiscard]] awaitable<void> must_answer() override { co_return; }
    // Says nothing of the permissions of files.
    [[nodiscard]] awaitable<append_outlook> outlook(std::string name) override;
    [[nodiscard]] awaitable<void> close() override;
    [[nodiscard]] journal_figures figures() const override;

  private:
    using topic_map = std::map<std::string, std::unique_ptr<topic>>;
    topic* add(topic_map& to, std::string name, std::shared_ptr<segment_writer> writer);

    boost::asio::any_io_executor executor_;
    segment_journal_options options_;
    async::log& log_;
    // A sync takes milliseconds: readers do not wait for it.
    async::helper_thread writing_;
    async::helper_thread reading_;
    topic_map topics_; // that this process writes to
    topic_map views_;  // that it only reads
    async::helper_thread opening_thread_{async::helper_thread::order::side_by_side};
    std::set<std::string, std::less<>> opening_; // topics, each once
    async::condition opened_;
};

} // namespace events
