// The job itself: settle, read, stage, delete, publish, commit, finish. docs/protocol.md says of each step
// what happens if the process dies there.
#pragma once

#include "archive/plan/plan.hpp"
#include "archive/report.hpp"
#include "archive/run/day_loader.hpp"
#include "archive/run/restore.hpp"
#include "archive/run/run_lock.hpp"
#include "archive/settings.hpp"
#include "archive/settle/publisher.hpp"
#include "archive/settle/settler.hpp"
#include "archive/stage/staging.hpp"
#include "archive/table/partitions.hpp"
#include "archive/table/table.hpp"
#include "async/helper_thread.hpp"
#include "async/log.hpp"
#include "async/page_pool.hpp"
#include "async/retry.hpp"
#include "async/stop.hpp"
#include "db/connection.hpp"
#include "db/side_effects.hpp"
#include "db/transaction.hpp"
#include "lake/attempts.hpp"
#include "lake/converter.hpp"
#include "lake/folder.hpp"
#include "lake/folder_lease.hpp"
#include "lake/ledger.hpp"
#include "lake/two_step_commit.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace archive {

// What the job works with; everything outlives it.
struct job_context {
    const archive::settings& settings;
    const db::connect_options& database;
    async::helper_thread& helper;
    lake::folder& lake;
    async::retry_context& retries;
    async::page_pool& pages;
    async::log& sink;
    async::stop_source& stop;
    run_report& report;
    std::string run_id;
    std::function<std::string()> new_nonce; // at least 56 hex digits, never the same, for block ids
};

class job {
  public:
    explicit job(job_context context);

    // Moves every due row. On any failure no row has been deleted and no file keeps what this transaction
    // added, or the next run will see to it; `report` then tells what earlier transactions (commit by day)
    // have done.
    [[nodiscard]] awaitable<void> archive();
    // Brings days back. Into another table: each in a transaction of its own, any number of times. In place:
    // all in one transaction; on any failure the files hold what they held, or the next run will see to it.
    [[nodiscard]] awaitable<void> restore(restore_request what);
    // Settles what earlier runs left, and nothing else.
    [[nodiscard]] awaitable<void> recover();
    // Settles one pending file as a person decided. `name`: with or without the folder.
    [[nodiscard]] awaitable<void> recover_file(std::string name, verdict decision);
    // Makes the folder this table's, whichever table's it was. Throws async::error(locked) while somebody
    // else is at work.
    [[nodiscard]] awaitable<void> adopt();

  private:
    struct unit; // one transaction and all it holds

    using attempt_body = std::function<awaitable<lake::attempt_result>(unit&)>;

    [[nodiscard]] awaitable<void> repeat(attempt_body body);
    [[nodiscard]] awaitable<void> accept_file(unit& work, const lake::lake_file& file);
    [[nodiscard]] awaitable<lake::lease_claim> claim(unit& work) const;
    [[nodiscard]] awaitable<void> leave(unit& work, bool finished);
    [[nodiscard]] awaitable<void> let_go(unit& work, bool finished);
    [[nodiscard]] awaitable<bool> alone(unit& work) const;
    [[nodiscard]] awaitable<void> tell_of_other_tables(unit& work);
    [[nodiscard]] awaitable<lake::attempt_result> attempt(const attempt_body& body);
    [[nodiscard]] awaitable<lake::attempt_result> open_unit(unit& work, const attempt_body& body);
    [[nodiscard]] db::transaction_options coordinator_options() const;
    [[nodiscard]] awaitable<bool> begin_unit(unit& work);
    [[nodiscard]] awaitable<void> lock_against_rewriting(unit& work, const named_table& named) const;
    [[nodiscard]] awaitable<void> note_holder(db::connection& session, const run_lock& lock);
    [[nodiscard]] async::error lock_is_held() const;
    [[nodiscard]] awaitable<std::optional<std::vector<partition>>> find_partitions(db::connection& session,
                                                                                   named_table named) const;
    [[nodiscard]] std::string cutoff_expression() const;
    [[nodiscard]] awaitable<std::vector<lake::day>> held_days(unit& work);
    [[nodiscard]] awaitable<std::uint64_t> remove_partitions(unit& work);
    [[nodiscard]] awaitable<void> load_files(unit& work);
    [[nodiscard]] awaitable<std::optional<lake::attempt_result>> settle(unit& work);

    [[nodiscard]] awaitable<std::uint64_t> finish_conversions(unit& work);
    // Why a request was refused, if the blob it was about says so.
    [[nodiscard]] awaitable<std::exception_ptr> explained(std::exception_ptr failed);
    [[nodiscard]] awaitable<void> must_be_changeable();

    [[nodiscard]] awaitable<lake::attempt_result> archive_unit(unit& work);
    [[nodiscard]] awaitable<bool> prepare_files(unit& work);
    [[nodiscard]] awaitable<void> must_be_writable(const std::vector<const lake::lake_file*>& files,
                                                   std::string_view what);
    [[nodiscard]] awaitable<bool> convert(unit& work, const std::vector<const lake::lake_file*>& files);
    [[nodiscard]] awaitable<std::vector<planned_day>> days_due(unit& work);
    [[nodiscard]] awaitable<void> estimate_rows(unit& work);
    [[nodiscard]] awaitable<plan> plan_unit(unit& work);
    [[nodiscard]] awaitable<void> measure_backlog(unit& work);
    [[nodiscard]] awaitable<std::set<lake::day>> days_that_came_back(unit& work);
    [[nodiscard]] awaitable<void> end_restores(unit& work);
    [[nodiscard]] awaitable<void> stage(unit& work);
    [[nodiscard]] awaitable<void> foresee_side_effects(unit& work);
    [[nodiscard]] awaitable<db::delete_watch> watch_deletes(unit& work) const;
    [[nodiscard]] awaitable<void> delete_rows(unit& work);
    [[nodiscard]] awaitable<std::uint64_t> delete_and_compare(unit& work);
    [[nodiscard]] awaitable<void> publish_and_commit(unit& work);
    [[nodiscard]] awaitable<void> publish(unit& work);
    [[nodiscard]] awaitable<void> publish_one(unit& work, day_file& file);
    [[nodiscard]] awaitable<void> prove(unit& work, day_file& file);
    [[nodiscard]] awaitable<void> publish_and_roll_back(unit& work, lake::commit_steps steps);
    [[nodiscard]] awaitable<void> commit(unit& work, lake::commit_steps steps);
    [[nodiscard]] awaitable<void> put_back(unit& work);
    [[nodiscard]] awaitable<void> finalise(unit& work);
    void record(const unit& work);
    void record_side_effect(const db::side_effect& what, std::string_view statement);
    void count_pending(const unit& work);
    [[nodiscard]] awaitable<void> roll_back_by(unit& work, async::deadline by);

    [[nodiscard]] awaitable<void> restore_in_place(restore_request what);
    [[nodiscard]] awaitable<lake::attempt_result> restore_unit(unit& work, const restore_request& what);
    [[nodiscard]] awaitable<void> mark_restored(unit& work, const restore_request& what);
    [[nodiscard]] awaitable<void> announce_and_commit(unit& work);
    [[nodiscard]] awaitable<void> withdraw_restored(unit& work);
    [[nodiscard]] awaitable<std::optional<lake::lake_file>> announced_file(const unit& work,
                                                                           std::string name);
    [[nodiscard]] awaitable<void> finish_restored(unit& work);
    void record_restored(const unit& work);
    void record_day_restored(const lake::lake_file& file, const loaded_file& loaded, std::string_view target);

    [[nodiscard]] awaitable<void> copy_days(restore_request what);
    [[nodiscard]] awaitable<std::size_t> copy_first(db::connection& session, std::string into,
                                                    const std::vector<const lake::lake_file*>& files,
                                                    std::optional<table_description>& target);
    [[nodiscard]] awaitable<void> copy_day(const lake::lake_file& file, const table_description& target);
    [[nodiscard]] awaitable<void> copy_day_inside(db::connection& session, const lake::lake_file& file,
                                                  const table_description& target);

    [[nodiscard]] awaitable<loaded_file> load_and_prove(db::connection& session, const lake::lake_file& file,
                                                        const table_description& target);
    [[nodiscard]] awaitable<void> commit_copy(db::transaction& transaction, const lake::lake_file& file);
    void record_copied(const lake::lake_file& file, const loaded_file& loaded,
                       const table_description& target);

    job_context context_;
    lake::rebuilding rebuilding_;
    publisher publisher_;
    restore_publisher restores_;
    lake::folder_lease lease_;
    lake::ledger ledger_;
    settler settler_;
    lake::converter converter_;
    bool container_looked_at_ = false;
    bool blobs_may_be_immutable_ = false;
    bool removes_partitions_ = false;
    bool held_days_said_ = false;
    std::string lock_holder_; // who had the lock when it was busy last
    bool effects_said_ = false;
    std::string cutoff_;      // fixed by the first transaction
    std::string lower_bound_; // commit by day: what lies below is done
};

} // namespace archive
