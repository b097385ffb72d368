import { createRouter, createWebHashHistory, type Router, type RouterHistory } from 'vue-router'
import MachinePage from './pages/MachinePage.vue'
import NewExperimentPage from './pages/NewExperimentPage.vue'
import NotFoundPage from './pages/NotFoundPage.vue'
import RunsPage from './pages/RunsPage.vue'

/** The pages. Addresses live behind the hash, so that they work from any server and from a file. */
export function createPages(history: RouterHistory = createWebHashHistory()): Router {
  return createRouter({
    history,
    routes: [
      { path: '/', component: RunsPage, meta: { title: 'Runs' } },
      { path: '/new', component: NewExperimentPage, meta: { title: 'New experiment' } },
      // Charts are heavy: they are loaded with the first page that draws one.
      {
        path: '/runs/:id',
        component: () => import('./pages/RunPage.vue'),
        props: true,
        meta: { title: 'Run' },
      },
      { path: '/machine', component: MachinePage, meta: { title: 'Machine' } },
      { path: '/:rest(.*)*', component: NotFoundPage, meta: { title: 'Not found' } },
    ],
  })
}
