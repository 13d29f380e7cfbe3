// Counts what select.sql changed. It must change nothing: rows that a query deletes or changes are in no
// file, and delete.sql does not find them any more. Nor may it change how values are written: the rows that
// are deleted would be compared in the form in which it has written them.
// Tested by tests/integration/test_export_select.py.
#pragma once

#include "async/asio.hpp"
#include "db/changed_rows.hpp"
#include "db/connection.hpp"

#include <string>
#include <vector>

namespace exports {

using async::awaitable;

class select_watch {
  public:
    // `session` must outlive it.
    explicit select_watch(db::connection& session)
        : session_(session) {}

    [[nodiscard]] awaitable<void> begin();
    // After select.sql. Throws async::error(precondition) if it has changed rows, or a setting.
    [[nodiscard]] awaitable<void> look(std::string task);
    // The counts at the last look.
    [[nodiscard]] const db::change_counters& counters() const noexcept { return counters_; }

  private:
    db::connection& session_;
    db::change_counters counters_;
    std::vector<std::string> forms_; // settings that decide how values are written
};

} // namespace exports
