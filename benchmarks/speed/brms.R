# A hierarchical binomial difference in differences in brms, as an applied statistician would write it.
#
#     Rscript brms.R CELLS OUT SETTINGS
#
# CELLS     CSV of observed cells: unit, year, pilot (0 or 1), exposure (0 to 1), y, n
# OUT       folder for draws.csv (chain, iteration, b_*, sd_*, tau.<unit>, satt), diagnostics.csv
#           (every parameter) and summary.json (seconds, worst diagnostics)
# SETTINGS  JSON: draws, warmup, chains, cores, seed, factor (what turns a share into the effect's
#           unit), priors (one string for each name below), and targets (CSV of the pilots' fully
#           exposed cells, over which the SATT is taken: unit, year)
#
# The cell effect (1 | unit:year) stands for both drift and shock: cells of a unit are exchangeable here.

options(warn = 1)
suppressPackageStartupMessages({
  library(brms)
  library(posterior)
})

arguments <- commandArgs(trailingOnly = TRUE)
if (length(arguments) != 3) stop("usage: Rscript brms.R CELLS OUT SETTINGS")
out <- arguments[2]
settings <- jsonlite::fromJSON(arguments[3])

cells <- read.csv(arguments[1])
units <- sort(unique(cells$unit))
years <- sort(unique(cells$year))
cells$unit <- factor(cells$unit, levels = units)
cells$year <- factor(cells$year, levels = years)

formula <- bf(y | trials(n) ~ 1 + pilot + year + exposure + (1 | unit) + (0 + exposure | unit) + (1 | unit:year))
p <- settings$priors
priors <- set_prior(p$intercept, class = "Intercept") +
  set_prior(p$year, class = "b") +
  set_prior(p$pilot, class = "b", coef = "pilot") +
  set_prior(p$exposure, class = "b", coef = "exposure") +
  set_prior(p$sd_unit, class = "sd", group = "unit", coef = "Intercept") +
  set_prior(p$sd_exposure, class = "sd", group = "unit", coef = "exposure") +
  set_prior(p$sd_cell, class = "sd", group = "unit:year")

# Debian's BH is a shell whose headers are the system's, which rstan does not look for
if (!file.exists(rstan::rstan_options("boost_lib")) && file.exists("/usr/include/boost")) {
  invisible(rstan::rstan_options(boost_lib = "/usr/include"))
}

seconds <- function(expression) unname(system.time(expression)["elapsed"])

compile <- seconds(
  empty <- brm(formula, data = cells, family = binomial(), prior = priors, chains = 0, refresh = 0)
)
# what a user waits for: starting R's workers and rstan's own checks count too. seconds_chains, in
# summary.json, is warm-up and sampling of each chain alone
sampling <- seconds(
  fit <- update(
    empty,
    recompile = FALSE, chains = settings$chains, cores = settings$cores, seed = settings$seed,
    iter = settings$warmup + settings$draws, warmup = settings$warmup, refresh = 0
  )
)

# every parameter of the model, cell effects included; lp__ and lprior are not parameters
all <- as_draws_array(fit)
all <- subset_draws(all, variable = setdiff(variables(all), c("lp__", "lprior")))
diagnostics <- as.data.frame(summarise_draws(all, "rhat", "ess_bulk", "ess_tail"))
# posterior wraps its numbers in a class that write.csv cannot write
diagnostics[-1] <- lapply(diagnostics[-1], as.numeric)
write.csv(diagnostics, file.path(out, "diagnostics.csv"), row.names = FALSE)

# with and without exposure in one call, so that both share the draw of a cell that was not observed
targets <- read.csv(settings$targets)
with <- data.frame(
  unit = factor(targets$unit, levels = units), year = factor(targets$year, levels = years),
  pilot = 1, exposure = 1, n = 1
)
rows <- nrow(with)
shares <- posterior_epred(
  fit,
  newdata = rbind(with, transform(with, exposure = 0)), allow_new_levels = TRUE, sample_new_levels = "gaussian"
)
difference <- shares[, seq_len(rows), drop = FALSE] - shares[, rows + seq_len(rows), drop = FALSE]

table <- as_draws_df(all)
pilots <- sort(unique(cells$unit[cells$pilot == 1]))
named <- grep("^(b|sd)_", variables(all), value = TRUE)
kept <- data.frame(chain = table$.chain, iteration = table$.iteration)
kept[named] <- as.data.frame(table)[named]
for (unit in as.character(pilots)) {
  kept[[paste0("tau.", unit)]] <- table[["b_exposure"]] + table[[paste0("r_unit[", unit, ",exposure]")]]
}
kept$satt <- settings$factor * rowMeans(difference)
write.csv(kept, file.path(out, "draws.csv"), row.names = FALSE)

slowest <- which.min(diagnostics$ess_bulk)
widest <- which.max(diagnostics$rhat)
sampler <- nuts_params(fit)
jsonlite::write_json(
  list(
    seconds_compile = compile,
    seconds_sample = sampling,
    seconds_chains = unname(rowSums(rstan::get_elapsed_time(fit$fit))),
    min_ess_bulk = diagnostics$ess_bulk[slowest],
    min_ess_bulk_of = diagnostics$variable[slowest],
    max_rhat = diagnostics$rhat[widest],
    max_rhat_of = diagnostics$variable[widest],
    parameters = nrow(diagnostics),
    not_finite = sum(!is.finite(diagnostics$rhat) | !is.finite(diagnostics$ess_bulk)),
    divergences = sum(sampler$Value[sampler$Parameter == "divergent__"]),
    steps = mean(sampler$Value[sampler$Parameter == "n_leapfrog__"]),
    versions = list(
      R = as.character(getRversion()), brms = as.character(packageVersion("brms")),
      rstan = as.character(packageVersion("rstan"))
    )
  ),
  file.path(out, "summary.json"),
  auto_unbox = TRUE, digits = NA, pretty = TRUE
)
cat(sprintf("compile %.1f s, sampling %.1f s\n", compile, sampling))
