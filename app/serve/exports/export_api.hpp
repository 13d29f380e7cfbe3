// The REST API of exports: its routes in app/serve/api_operations.hpp, and what each does.
// Tested by tests/integration/test_serve.py.
#pragma once

#include "app/serve/exports/export_runs.hpp"
#include "app/serve/exports/run_book.hpp"
#include "app/serve/shared_result.hpp"
#include "async/log.hpp"
#include "exports/run/run_desk.hpp"
#include "exports/sink/sink.hpp"
#include "exports/task/task.hpp"
#include "http/server/router.hpp"

#include <optional>
#include <string>
#include <vector>

namespace app {

// All of it outlives the API.
struct export_api_context {
    const exports::task_folder& tasks;
    exports::run_desk& desk;
    exports::sink& files;
    run_book& book;
    const bool& stopping;
    async::log& log;
};

class export_api {
  public:
    export_api(const async::asio::any_io_executor& executor, export_api_context context)
        : context_(context)
        , runs_(context.desk, context.book, context.stopping, context.log)
        , list_(executor, [this] { return list(); }) {}

    // The API must outlive them.
    [[nodiscard]] std::vector<http::route> routes();

  private:
    using request = http::request;
    using answer = async::awaitable<http::response>;

    [[nodiscard]] answer list_exports(const request& asked);
    [[nodiscard]] answer run_exports(const request& asked);
    [[nodiscard]] answer run_exports_older(const request& asked);
    [[nodiscard]] answer show_export(const request& asked);
    [[nodiscard]] answer run_export(const request& asked);
    [[nodiscard]] answer export_status(const request& asked);
    [[nodiscard]] answer list_files(const request& asked);
    [[nodiscard]] answer download_file(const request& asked);

    [[nodiscard]] async::awaitable<std::optional<exports::task>> find(const request& asked);
    [[nodiscard]] async::awaitable<std::string> list() const;

    export_api_context context_;
    export_runs runs_;
    shared_document list_;
};

} // namespace app
