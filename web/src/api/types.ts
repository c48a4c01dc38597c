// types.ts - the API's shapes by short names.  schema.ts is generated from the OpenAPI document.
import type { components, operations } from './schema';

type Schemas = components['schemas'];

export type Alert = Schemas['Alert'];
export type AlertLine = Schemas['AlertLine'];
export type AlertPage = Schemas['AlertPage'];
export type AlertSummary = Schemas['AlertSummary'];
export type CloseReason = Schemas['CloseReason'];
export type CloseRequest = Schemas['CloseRequest'];
export type Credentials = Schemas['Credentials'];
export type Health = Schemas['Health'];
export type HealthCounts = Schemas['HealthCounts'];
export type Institution = Schemas['Institution'];
export type InstitutionDetail = Schemas['InstitutionDetail'];
export type Language = Schemas['Language'];
export type Level = Schemas['Level'];
export type Node = Schemas['Node'];
export type Overview = Schemas['Overview'];
export type Problem = Schemas['Problem'];
export type Session = Schemas['Session'];
export type Source = Schemas['Source'];
export type Text = Schemas['Text'];

export type AlertQuery = NonNullable<operations['listAlerts']['parameters']['query']>;
