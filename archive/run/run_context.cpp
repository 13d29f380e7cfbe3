#include "archive/run/run_context.hpp"

#include <utility>
#include <vector>

namespace archive {

run_context run_context::with(const archive::settings& other) const {
    return {.settings = other,
            .database = database,
            .helper = helper,
            .lake = lake,
            .retries = retries,
            .pages = pages,
            .log = log,
            .stop = stop,
            .report = report,
            .run_id = run_id,
            .new_nonce = new_nonce};
}

run_tools::run_tools(const run_context& context)
    : rebuilding{context.pages, context.new_nonce}
    , publisher(context.lake, context.retries, context.settings.placement, &rebuilding)
    , restores(context.lake, context.retries, context.new_nonce)
    , lease(context.lake, context.retries, "lock", context.run_id)
    , ledger(context.lake)
    , settler(context.lake, publisher.tails(), restores, context.log, context.settings.parallel,
              {[this] { return lease.ready_to_write(); },
               [this, &context](std::vector<lake::ledger_entry> entries) {
                   return ledger.record(std::move(entries), context.log);
               }},
              [this] { return ledger.read(); })
    , converter(context.lake, context.retries, context.pages, context.log, context.run_id,
                context.new_nonce) {}

} // namespace archive
