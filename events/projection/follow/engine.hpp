// All projections of a process: makes their tables, and runs a stream for each of their partitions.
#pragma once

#include "events/journal/journal.hpp"
#include "events/projection/follow/projection_files.hpp"
#include "events/projection/follow/stream.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace events {

struct engine_options {
    bool once = false;
    std::string worker;
    std::string group; // of positions, for all projections that name none
    // Names of all projections that there are, whether they run here or not; empty: not known.
    std::vector<std::string> defined;
    // Where a resume, a replay or a rebuild asks to read files again; empty: they stay as they are.
    definition_reader read_again;
    // For one use of a connection; an engine without end tries for ever.
    async::retry_policy retries;
};

class projection_engine {
  public:
    // A projection whose definition has a mistake is `failed` until its files are mended and it is resumed;
    // its projection.conf has none. What is referred to must outlive the engine.
    projection_engine(const boost::asio::any_io_executor& executor, journal& source,
                      db::database_access database, std::vector<projection_definition> definitions,
                      engine_options options);
    ~projection_engine();
    projection_engine(const projection_engine&) = delete;
    projection_engine& operator=(const projection_engine&) = delete;

    // Throws async::error(integrity) where the database knows positions in a journal that is not this one, or
    // that this one does not reach. Asks once and writes nothing; positions that cannot be checked pass. For
    // a server, before it accepts events.
    [[nodiscard]] awaitable<void> must_fit();

    // Makes the schema and applies migrations, then runs until it is cancelled or, with `once`, until each
    // projection has applied what there was. Throws the first failure that ends it, with `once` after the
    // others have ended: integrity for a journal that does not fit.
    [[nodiscard]] awaitable<void> run();

    [[nodiscard]] std::vector<stream_progress> progress() const;

  private:
    struct runner;
    [[nodiscard]] awaitable<void> run_projection(runner& each);
    [[nodiscard]] awaitable<void> prepare(runner& each);
    [[nodiscard]] awaitable<void> run_topic(runner& each, std::string name);
    [[nodiscard]] awaitable<bool> wait_for_topic(runner& each, std::string name);
    [[nodiscard]] static awaitable<void> must_fit_here(db::connection& session, std::string name,
                                                       topic& source);
    [[nodiscard]] static awaitable<void> must_not_be_lost(db::connection& session, std::string projection,
                                                          std::string topic);
    [[nodiscard]] awaitable<void> run_partitions(runner& each, topic& source, std::int32_t first);
    [[nodiscard]] awaitable<void> watch_for_partitions(runner& each, topic& source, std::int32_t known);

    journal& journal_;
    db::database_access database_;
    engine_options options_;
    std::vector<std::unique_ptr<runner>> runners_;
};

// The group of a projection: its own, or that of the process.
[[nodiscard]] std::string position_name(const projection_definition& which, const std::string& group);

} // namespace events
