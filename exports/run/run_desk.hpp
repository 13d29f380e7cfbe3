// Runs that clients request from `serve`: each task runs at most once at a time, and a request for one that
// is waiting or running joins it.
#pragma once

#include "async/condition.hpp"
#include "exports/report.hpp"
#include "exports/run/exporter.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace exports {

// A requested run, shared by all its requests.
struct requested_run {
    std::string task;
    enum class state : std::uint8_t { waiting, running, ended };
    state at = state::waiting;
    task_report report; // once it has ended
};
using run_ticket = std::vector<std::shared_ptr<const requested_run>>;

struct task_status {
    std::optional<task_report> last; // of this process
    bool waiting = false;
    bool running = false;
};

class run_desk {
  public:
    using run_function = std::function<awaitable<task_report>(std::string task)>;

    // `run` is called for one task at most once at a time, and must not throw but for cancellation.
    run_desk(const async::asio::any_io_executor& executor, run_function run, std::size_t parallel);

    // Asks for these tasks, one after the other; a task that is waiting or running already is not asked for
    // again. Returns at once.
    [[nodiscard]] run_ticket request(std::vector<std::string> tasks);
    // Returns when all of them have ended, or when the desk is closed: then some never end.
    [[nodiscard]] awaitable<void> wait(run_ticket ticket);
    [[nodiscard]] task_status status(std::string_view task) const;
    [[nodiscard]] bool idle() const noexcept { return in_hand_.empty(); }

    // Carries out requested runs until `close`; then those that are running end, and those that are waiting
    // are dropped. The coroutine that starts the server awaits it too.
    [[nodiscard]] awaitable<void> work();
    void close();

  private:
    using run_pointer = std::shared_ptr<requested_run>;

    [[nodiscard]] awaitable<void> work_alone();
    [[nodiscard]] awaitable<void> carry_out(run_pointer requested);

    run_function run_;
    std::size_t parallel_;
    std::deque<std::vector<run_pointer>> queue_;
    std::map<std::string, run_pointer, std::less<>> in_hand_; // waiting or running
    std::map<std::string, task_report, std::less<>> last_;
    async::condition changed_;
    bool closed_ = false;
};

} // namespace exports
