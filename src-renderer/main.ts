import { createWebSocketBackend } from './backend/websocket.ts'
import { startApplication } from './start.ts'

startApplication(createWebSocketBackend(`${location.origin.replace(/^http/, 'ws')}/rpc`))
