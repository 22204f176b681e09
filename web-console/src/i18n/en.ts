// English texts, a namespace for each folder that has an en.json.
import access from '../pages/access/en.json';
import alerts from '../pages/alerts/en.json';
import audit from '../pages/audit/en.json';
import channels from '../pages/channels/en.json';
import cores from '../pages/cores/en.json';
import edit from '../pages/edit/en.json';
import overview from '../pages/overview/en.json';
import rules from '../pages/rules/en.json';
import session from '../pages/session/en.json';
import silences from '../pages/silences/en.json';
import task from '../pages/task/en.json';
import tasks from '../pages/tasks/en.json';
import shell from '../app/shell/en.json';
import kit from '../kit/en.json';
import words from './words/en.json';

export default {
  access,
  alerts,
  audit,
  channels,
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
