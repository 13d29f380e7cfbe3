// restore --into TABLE: copies days into another table, many at once; the archive is not touched.
// Tested by tests/integration/test_restore.py.
#pragma once

#include "archive/run/day_loader.hpp"
#include "archive/run/restore/restore.hpp"
#include "archive/run/run_context.hpp"
#include "archive/table/table.hpp"
#include "lake/ledger/ledger_state.hpp"

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace archive {

class copy_run {
  public:
    // `context` must outlive it.
    copy_run(const run_context& context, restore_request request)
        : context_(context)
        , request_(std::move(request)) {}

    [[nodiscard]] awaitable<void> run();

  private:
    using file_list = std::vector<const lake::listed_file*>;

    // Finds or makes the table; returns how many of the files have been copied with it.
    [[nodiscard]] awaitable<std::size_t> copy_first(db::connection& session, const file_list& files);
    // `wanted` without an oid: there is no such table.
    [[nodiscard]] awaitable<void> find_target(db::connection& session, const file_list& files,
                                              const named_table& named, named_table wanted);
    [[nodiscard]] awaitable<void> try_all(db::connection& session, const file_list& files);
    [[nodiscard]] awaitable<void> copy_day(const lake::listed_file& file);
    [[nodiscard]] awaitable<void> copy_day_inside(db::connection& session, const lake::listed_file& file);
    [[nodiscard]] awaitable<loaded_file> load_and_prove(db::connection& session,
                                                        const lake::listed_file& file);
    // `source`: the table that the rows come from.
    void tell_of_new_table(const named_table& source) const;
    void record(const lake::listed_file& file, const loaded_file& loaded);

    const run_context& context_;
    restore_request request_;
    std::optional<table_description> target_;
    lake::ledger_state known_;
};

} // namespace archive
