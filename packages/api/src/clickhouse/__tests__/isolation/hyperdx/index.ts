import { charts } from './charts';
import { metadata } from './metadata';
import { search } from './search';
import type { Shape } from './shape';
import { sideBar } from './sideBar';

export type { Shape } from './shape';

/** What HyperDX 2.36 puts into the URL of its queries. */
export const hyperdxSettings: Readonly<Record<string, string>> = {
  allow_experimental_analyzer: '1',
  date_time_output_format: 'iso',
  cancel_http_readonly_queries_on_client_close: '1',
  output_format_json_quote_64bit_integers: '1',
  query_plan_optimize_lazy_materialization: '1',
  query_plan_max_limit_for_lazy_materialization: '100000',
  use_skip_indexes_for_top_k: '1',
  query_plan_max_limit_for_top_k_optimization: '100000',
  use_skip_indexes_on_data_read: '1',
  use_skip_indexes_for_disjunctions: '1',
  enable_full_text_index: '1',
};

export const shapes: readonly Shape[] = [...metadata, ...sideBar, ...search, ...charts];
