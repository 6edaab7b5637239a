// The health check of the container: ends with 0 if the hub would store a write.

const url = `http://127.0.0.1:${process.env.HORAI_PORT || 5600}/-/health`;
fetch(url).then(
  (answer) => process.exit(answer.ok ? 0 : 1),
  (error) => {
    console.error(`${url}: ${error.cause?.message ?? error.message}`);
    process.exit(1);
  },
);
