// One run of one task: settle, copy, delete, make the file safe, commit, show the file. docs/exports.md says
// of each step what happens if the process dies there.
// Tested by tests/integration/test_exports.py.
#pragma once

#include "async/log.hpp"
#include "async/stop.hpp"
#include "db/session_scope.hpp"
#include "exports/evidence.hpp"
#include "exports/report.hpp"
#include "exports/select_shape.hpp"
#include "exports/settings.hpp"
#include "exports/sink.hpp"
#include "exports/task.hpp"
#include "lake/attempts.hpp"

#include <functional>
#include <string>

namespace exports {

// What the current task has copied so far, for the display of progress.
struct export_progress {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0; // of CSV
};

// What exports work with; everything outlives them.
struct export_context {
    const exports::settings& settings;
    db::database_access database;
    exports::sink& sink;
    async::log& log;
    async::stop_source& stop;
    std::string run_id;
    std::function<std::string()> new_nonce; // at least 56 hex digits, never the same
    export_progress* progress = nullptr;    // null: it is not shown
};

// A person's decision about a file that the program may not decide.
enum class verdict : std::uint8_t { keep, discard };

class exporter {
  public:
    explicit exporter(export_context context)
        : context_(std::move(context)) {}

    // Writes every failure into the report and the log. Throws only on cancellation, once everything is
    // undone. The caller must not run a task twice at the same time in one process; between processes a lock
    // prevents it.
    [[nodiscard]] awaitable<task_report> run(exports::task task);

    // Settles what earlier runs left of any task, and nothing else; returns the number of files. Throws
    // async::error: locked if a transaction is still in progress, integrity if a transaction's outcome cannot
    // be known.
    [[nodiscard]] awaitable<std::uint64_t> recover();
    // Settles one file as a person decided. Throws async::error(precondition) if it is not unsettled.
    [[nodiscard]] awaitable<void> recover_file(std::string name, verdict decision);
    // Makes this database the owner of the folder. Throws async::error(locked) while another server's run is
    // at work, (usage) for exports to a directory.
    [[nodiscard]] awaitable<void> adopt();

  private:
    enum class decided_by : std::uint8_t { transaction, person };
    struct attempt; // one transaction and all it holds
    using attempt_body = std::function<awaitable<void>(attempt&)>;

    [[nodiscard]] static async::error lock_is_held(const std::string& task, const std::string& holder);
    [[nodiscard]] awaitable<void> repeat(std::string task, task_report& report, attempt_body body);
    [[nodiscard]] awaitable<void> take_lease(attempt& work);
    [[nodiscard]] awaitable<void> leave(attempt& work);
    [[nodiscard]] awaitable<lake::attempt_result> try_once(const std::string& task, task_report& report,
                                                           const attempt_body& body);
    [[nodiscard]] awaitable<lake::attempt_result> inside(attempt& work, const attempt_body& body);
    [[nodiscard]] awaitable<void> undo(attempt& work);
    [[nodiscard]] awaitable<bool> open(attempt& work);
    [[nodiscard]] awaitable<bool> settle(attempt& work);
    [[nodiscard]] awaitable<void> must_be_left(attempt& work, const unsettled_file& file);
    [[nodiscard]] awaitable<void> must_be_in_table(attempt& work, const unsettled_file& file);
    [[nodiscard]] awaitable<void> settle_one(attempt& work, unsettled_file file, verdict decision,
                                             decided_by whom);

    [[nodiscard]] awaitable<void> export_rows(attempt& work, const exports::task& task);
    [[nodiscard]] awaitable<void> fix_boundary(attempt& work);
    [[nodiscard]] awaitable<void> read_delete(attempt& work, const exports::task& task);
    [[nodiscard]] awaitable<void> copy_rows(attempt& work, const exports::task& task);
    // The file must have the texts that the table has.
    [[nodiscard]] awaitable<void> must_come_back(attempt& work, const select_shape& select) const;
    [[nodiscard]] awaitable<void> watch_select(attempt& work);
    [[nodiscard]] awaitable<void> look_at_select(attempt& work);
    [[nodiscard]] awaitable<void> watch_delete(attempt& work);
    [[nodiscard]] awaitable<void> look_at_delete(attempt& work);
    void warn_of_columns(const attempt& work) const;
    [[nodiscard]] awaitable<void> delete_rows(attempt& work, const exports::task& task);
    [[nodiscard]] awaitable<std::uint64_t> delete_compared(attempt& work);
    [[nodiscard]] awaitable<std::uint64_t> delete_counted(attempt& work);
    [[nodiscard]] awaitable<void> prepare(attempt& work);
    [[nodiscard]] awaitable<void> commit(attempt& work);
    [[nodiscard]] awaitable<void> show(attempt& work);
    void conclude(task_report& report, const std::exception_ptr& failed) const;

    export_context context_;
};

} // namespace exports
