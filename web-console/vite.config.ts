import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where `npm run dev` finds a Server. */
const server = process.env['REPLICATOR_SERVER'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    // As they are written: rewritten for older browsers, `light-dark()` would need a colour scheme in the same file.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    sourcemap: false,
    manifest: true,
    // The console is served under a strict Content-Security-Policy: nothing is inlined as `data:` scripts.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { '/api': { target: server, changeOrigin: false } } },
});
