// Staging against a folder in memory, of rows of a table of two columns.
#pragma once

#include "archive/report.hpp"
#include "archive/stage/staging.hpp"
#include "tests/support/memory_lake_fixture.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace archive {

class staging_fixture : public test_support::memory_lake_test {
  protected:
    enum class read_by : unsigned char { day, one_scan };

    staging_fixture() {
        table_.named.schema = "public";
        table_.named.relation = "Event";
        table_.columns = {"id", "created_at"};
        table_.time_column = "\"created_at\"";
        table_.keys = {{"id", "\"id\"", "integer", 0}};
        rows_.upper = "2025-01-01 00:00:00";
    }

    void begin_staging(read_by how) {
        staging_.emplace(io_.get_executor(), staging_context{.lake = lake_,
                                                             .pages = pages_,
                                                             .log = log_,
                                                             .report = report_,
                                                             .table = table_,
                                                             .position = position_,
                                                             .existing = existing_,
                                                             .came_back = came_back_,
                                                             .planned = planned_,
                                                             .by_day = how == read_by::day,
                                                             .rows = rows_,
                                                             .nonce = std::string(56, 'd'),
                                                             .parallel = 2,
                                                             .compression = lake::compression::none});
    }

    const db::server_position position_{"7312345678901234567", "16384", 1, 0x17'0000'0000};
    table_description table_;
    selection rows_;
    run_report report_;
    std::set<lake::day> came_back_;
    std::vector<planned_day> planned_;
    lake::file_map existing_;
    std::optional<staging> staging_;
};

} // namespace archive
