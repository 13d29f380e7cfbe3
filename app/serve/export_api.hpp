// The REST API of exports: what each route of app/serve/api_operations.hpp does.
#pragma once

#include "app/serve/readiness.hpp"
#include "app/serve/run_book.hpp"
#include "app/serve/shared_document.hpp"
#include "async/log.hpp"
#include "exports/run_desk.hpp"
#include "exports/sink.hpp"
#include "exports/task.hpp"
#include "http/server/router.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace app {

// All of it outlives the API.
struct export_api_context {
    const exports::task_folder& tasks;
    exports::run_desk& desk;
    exports::sink& sink;
    run_book& book;
    readiness& ready;
    const bool& stopping;
    std::function<std::string()> metrics; // as /metrics has them
    std::string openapi;                  // the document
    async::log& log;
};

class export_api {
  public:
    export_api(const async::asio::any_io_executor& executor, export_api_context context)
        : context_(std::move(context))
        , list_(executor, [this] { return list(); }) {}

    // One for each row of `api_operations`. The API must outlive them.
    [[nodiscard]] std::vector<http::route> routes();

  private:
    using request = http::request;
    using answer = async::awaitable<http::response>;
    using operation_function = answer (export_api::*)(const request&);

    [[nodiscard]] answer list_exports(const request& asked);
    [[nodiscard]] answer run_exports(const request& asked);
    [[nodiscard]] answer run_exports_older(const request& asked);
    [[nodiscard]] answer show_export(const request& asked);
    [[nodiscard]] answer run_export(const request& asked);
    [[nodiscard]] answer export_status(const request& asked);
    [[nodiscard]] answer list_files(const request& asked);
    [[nodiscard]] answer download_file(const request& asked);
    [[nodiscard]] answer live(const request& asked);
    [[nodiscard]] answer ready(const request& asked);
    [[nodiscard]] answer metrics(const request& asked);
    [[nodiscard]] answer openapi(const request& asked);

    // Errors of ours as answers.
    [[nodiscard]] answer guarded(operation_function what, const request& asked);
    [[nodiscard]] async::awaitable<std::optional<exports::task>> find(const request& asked);
    [[nodiscard]] exports::run_ticket ask_for(std::vector<std::string> names, const request& asked);
    [[nodiscard]] answer run(std::vector<std::string> names, const request& asked);
    [[nodiscard]] http::response reports_of(const exports::run_ticket& ticket) const;

    [[nodiscard]] async::awaitable<std::string> list() const;

    export_api_context context_;
    shared_document list_;
};

} // namespace app
