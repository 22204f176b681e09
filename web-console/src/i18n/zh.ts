// Chinese texts, a namespace for each folder that has a zh.json.
import access from '../pages/access/zh.json';
import alerts from '../pages/alerts/zh.json';
import audit from '../pages/audit/zh.json';
import channels from '../pages/channels/zh.json';
import cores from '../pages/cores/zh.json';
import edit from '../pages/edit/zh.json';
import overview from '../pages/overview/zh.json';
import rules from '../pages/rules/zh.json';
import session from '../pages/session/zh.json';
import silences from '../pages/silences/zh.json';
import task from '../pages/task/zh.json';
import tasks from '../pages/tasks/zh.json';
import shell from '../app/shell/zh.json';
import kit from '../kit/zh.json';
import codes from './codes/zh.json';
import words from './words/zh.json';

export default {
  access,
  alerts,
  audit,
  channels,
  codes,
  cores,
  edit,
  kit,
  overview,
  rules,
  session,
  shell,
  silences,
  task,
  tasks,
  words,
};
